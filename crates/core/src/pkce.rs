//! Proof Key for Code Exchange (RFC 7636), method S256 only.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// Errors of PKCE parameters. The messages are those that clients know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PkceProblem {
    /// One of the two parameters is missing.
    #[error("code_challenge and code_challenge_method must both be provided")]
    Incomplete,
    /// A method other than S256, such as `plain` (RFC 9700 §2.1.1).
    #[error("invalid code_challenge method, only S256 is supported")]
    Method,
    /// The challenge is not the base64url of 32 bytes.
    #[error("invalid code_challenge")]
    Challenge,
    /// The verifier is not 43 to 128 unreserved characters.
    #[error("invalid code_verifier")]
    Verifier,
}

/// A code challenge: the SHA-256 of a verifier (§4.2).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CodeChallenge([u8; 32]);

impl CodeChallenge {
    /// Parses 43 characters of canonical base64url.
    pub fn parse(text: &str) -> Result<Self, PkceProblem> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| PkceProblem::Challenge)?;
        bytes.try_into().map(Self).map_err(|_| PkceProblem::Challenge)
    }

    /// The challenge of an authorization request, from its two parameters (§4.3). An omitted method would mean `plain`,
    /// and is rejected.
    pub fn from_request(challenge: Option<&str>, method: Option<&str>) -> Result<Option<Self>, PkceProblem> {
        match (challenge, method) {
            (None, None) => Ok(None),
            (Some(challenge), Some("S256")) => Self::parse(challenge).map(Some),
            (Some(_), Some(_)) => Err(PkceProblem::Method),
            (Some(_), None) | (None, Some(_)) => Err(PkceProblem::Incomplete),
        }
    }

    /// The challenge as sent and stored.
    pub fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// Whether `verifier` belongs to this challenge (§4.6), in constant time.
    pub fn matches(&self, verifier: &CodeVerifier) -> bool {
        self.0.ct_eq(&verifier.challenge().0).into()
    }
}

impl fmt::Debug for CodeChallenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CodeChallenge({})", self.to_text())
    }
}

/// A code verifier: the secret of the client that started the sign-in (§4.1).
#[derive(Clone)]
pub struct CodeVerifier(Zeroizing<String>);

impl CodeVerifier {
    /// Parses a verifier: 43 to 128 of the characters `A-Z a-z 0-9 - . _ ~`.
    pub fn parse(text: &str) -> Result<Self, PkceProblem> {
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        if (43..=128).contains(&text.len()) && text.bytes().all(unreserved) {
            Ok(Self(Zeroizing::new(text.to_owned())))
        } else {
            Err(PkceProblem::Verifier)
        }
    }

    /// The challenge of this verifier.
    pub fn challenge(&self) -> CodeChallenge {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, self.0.as_bytes()).as_ref());
        CodeChallenge(bytes)
    }
}

impl fmt::Debug for CodeVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeVerifier(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_example_of_rfc_7636_appendix_b_matches() {
        let challenge = CodeChallenge::parse(CHALLENGE).unwrap();
        assert!(challenge.matches(&CodeVerifier::parse(VERIFIER).unwrap()));
        assert_eq!(challenge.to_text(), CHALLENGE);
    }

    #[test]
    fn another_verifier_does_not_match() {
        let challenge = CodeChallenge::parse(CHALLENGE).unwrap();
        let other = VERIFIER.replacen('d', "e", 1);
        assert!(!challenge.matches(&CodeVerifier::parse(&other).unwrap()));
        assert!(!challenge.matches(&CodeVerifier::parse(CHALLENGE).unwrap()), "the challenge is not its own verifier");
    }

    #[test]
    fn only_s256_with_a_challenge_is_a_request() {
        let both = CodeChallenge::from_request(Some(CHALLENGE), Some("S256"));
        assert_eq!(both, Ok(Some(CodeChallenge::parse(CHALLENGE).unwrap())));
        assert_eq!(CodeChallenge::from_request(None, None), Ok(None));
        assert_eq!(CodeChallenge::from_request(Some(CHALLENGE), None), Err(PkceProblem::Incomplete));
        assert_eq!(CodeChallenge::from_request(None, Some("S256")), Err(PkceProblem::Incomplete));
        for method in ["plain", "s256", "", "S512"] {
            assert_eq!(CodeChallenge::from_request(Some(CHALLENGE), Some(method)), Err(PkceProblem::Method));
        }
    }

    #[test]
    fn a_challenge_is_43_characters_in_canonical_base64url() {
        let padded = format!("{CHALLENGE}=");
        let trailing_bits = CHALLENGE.replace("cM", "cN");
        for text in
            ["", "abc", &CHALLENGE[..42], &padded, &trailing_bits, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"]
        {
            assert_eq!(CodeChallenge::parse(text), Err(PkceProblem::Challenge), "{text}");
        }
    }

    #[test]
    fn a_verifier_is_43_to_128_unreserved_characters() {
        for (length, fits) in [(0, false), (42, false), (43, true), (128, true), (129, false)] {
            assert_eq!(CodeVerifier::parse(&"a".repeat(length)).is_ok(), fits, "{length}");
        }
        for wrong in ['+', '/', '=', ' ', '%', '\0', 'é', '\n'] {
            assert!(CodeVerifier::parse(&VERIFIER.replacen('d', &wrong.to_string(), 1)).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_verifier_is_not_shown_in_debug_output() {
        assert!(!format!("{:?}", CodeVerifier::parse(VERIFIER)).contains("dBjft"));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,200}") {
            let _ = (CodeChallenge::parse(&text).is_ok(), CodeVerifier::parse(&text).is_ok());
        }

        #[test]
        fn every_verifier_matches_its_challenge_as_text(text in "[A-Za-z0-9._~-]{43,128}") {
            let verifier = CodeVerifier::parse(&text).unwrap();
            let sent = CodeChallenge::parse(&verifier.challenge().to_text()).unwrap();
            prop_assert!(sent.matches(&verifier));
        }
    }
}
