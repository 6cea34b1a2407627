//! One-time codes from an authenticator app (RFC 6238): six digits, SHA-1, 30 seconds, as all such apps support.

use std::fmt;

use totp_rs::{Algorithm, Builder, Totp};
use zeroize::Zeroizing;

use crate::time::Timestamp;

/// Bytes of a secret: 160 bits, as RFC 4226 §4 recommends.
pub const SECRET_BYTES: usize = 20;
/// Digits of a code.
pub const DIGITS: u8 = 6;
/// Seconds for which a code is shown.
const STEP_SECONDS: u64 = 30;
/// Steps before and after the current one whose codes are accepted (RFC 6238 §5.2).
const SKEW: u16 = 1;
/// RFC 4648 §6.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A secret that a server and an authenticator app share. `Debug` does not print it.
pub struct TotpSecret(Zeroizing<Vec<u8>>);

impl TotpSecret {
    /// The secret made of these bytes; `None` if they are not [`SECRET_BYTES`].
    pub fn new(bytes: &[u8]) -> Option<Self> {
        (bytes.len() == SECRET_BYTES).then(|| Self(Zeroizing::new(bytes.to_vec())))
    }

    /// The bytes, to be sealed.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The secret as people type it: base32 without padding.
    pub fn base32(&self) -> Zeroizing<String> {
        let letters = self.0.chunks(5).flat_map(|chunk| {
            let bits = chunk.iter().fold(0_u64, |bits, byte| (bits << 8) | u64::from(*byte));
            (0..8_u32).rev().filter_map(move |place| {
                let index = usize::try_from((bits >> (5 * place)) & 31).ok()?;
                BASE32.get(index).map(|letter| char::from(*letter))
            })
        });
        Zeroizing::new(letters.collect())
    }

    /// The address that authenticator apps read from a QR code (Google Authenticator's "Key URI Format"), for `account` at
    /// `issuer`.
    pub fn uri(&self, issuer: &str, account: &str) -> Zeroizing<String> {
        let encode = |text: &str| {
            percent_encoding::utf8_percent_encode(&text.replace(':', " "), percent_encoding::NON_ALPHANUMERIC)
                .to_string()
        };
        let (issuer, account, secret) = (encode(issuer), encode(account), self.base32());
        Zeroizing::new(format!(
            "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}",
            secret.as_str()
        ))
    }

    /// The step in which `code` is shown, if that is the current one or one beside it. Spaces are ignored. A step that was
    /// accepted once, or an earlier one, must not be accepted again (§5.2): that is up to the caller.
    pub fn matching_step(&self, code: &str, now: Timestamp) -> Option<i64> {
        let code: String = code.chars().filter(|letter| !letter.is_whitespace()).collect();
        let seconds = u64::try_from(now.seconds()).ok()?;
        let step = self.generator().check(&code, seconds)?;
        i64::try_from(step).ok()
    }

    /// The code that the app shows at `now`.
    pub fn code(&self, now: Timestamp) -> String {
        let seconds = u64::try_from(now.seconds()).unwrap_or_default();
        self.generator().generate(seconds).to_string()
    }

    /// A compliant generator: the constants of this file are within the limits of the RFC.
    fn generator(&self) -> Totp {
        Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(DIGITS)
            .with_skew(SKEW)
            .with_step_duration(STEP_SECONDS)
            .with_secret(self.0.to_vec())
            .build_noncompliant()
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238, Appendix B.
    fn of_the_rfc() -> TotpSecret {
        TotpSecret::new(b"12345678901234567890").unwrap()
    }

    #[test]
    fn codes_are_those_of_the_rfc() {
        for (seconds, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_111_111_111, "050471"), (20_000_000_000, "353130")]
        {
            assert_eq!(of_the_rfc().code(Timestamp::from_seconds(seconds)), code);
        }
    }

    #[test]
    fn a_code_is_accepted_one_step_early_or_late_and_no_more() {
        let secret = of_the_rfc();
        let code = secret.code(Timestamp::from_seconds(59));
        for (seconds, expected) in
            [(0, Some(1)), (29, Some(1)), (59, Some(1)), (60, Some(1)), (89, Some(1)), (90, None)]
        {
            assert_eq!(secret.matching_step(&code, Timestamp::from_seconds(seconds)), expected, "{seconds}");
        }
        assert_eq!(secret.matching_step(" 287 082 ", Timestamp::from_seconds(59)), Some(1));
        for wrong in ["", "28708", "2870820", "287083", "28708x", "٢٨٧٠٨٢", "-87082"] {
            assert_eq!(secret.matching_step(wrong, Timestamp::from_seconds(59)), None, "{wrong}");
        }
    }

    #[test]
    fn the_secret_is_written_as_apps_read_it() {
        let secret = of_the_rfc();
        assert_eq!(secret.base32().as_str(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(
            secret.uri("Sigma: Demo", "ada@example.org").as_str(),
            "otpauth://totp/Sigma%20%20Demo:ada%40example%2Eorg?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Sigma%20%20Demo&algorithm=SHA1&digits=6&period=30"
        );
        assert_eq!(format!("{secret:?}"), "TotpSecret(…)");
        assert!(TotpSecret::new(b"short").is_none());
    }
}
