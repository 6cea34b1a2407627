//! What `sigma-core` does with what strangers, authenticators and upstream providers send about an account, and what must hold
//! of whatever it accepts. Each function returns whether it accepted the input.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use sigma_core::backup::{self, EncryptedBackup};
use sigma_core::jose::JwkSet;
use sigma_core::json::Members;
use sigma_core::profile::{Entered, Profile, ProfileChange};
use sigma_core::provider::{ClaimNames, Claimed, Expected, IdToken, MAX_SUBJECT, Metadata};
use sigma_core::time::Timestamp;
use sigma_core::webauthn::{Ceremony, ClientData, LONGEST_ID, PasskeyKey, RelyingParty, WebauthnError};
use url::Url;

/// The key `op` signed the valid ID tokens of the corpus.
const KEYS: &[u8] = include_bytes!("keys.json");
/// When and for whom.
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const ISSUER: &str = "https://op.example";
const CLIENT: &str = "sigma";
const NONCE: &str = "n-0S6_WzA2Mj";
const ACCESS_TOKEN: &str = "upstream-access";

fn text(input: &[u8]) -> &str {
    std::str::from_utf8(input).unwrap_or_default()
}

/// The first part of `input`, which begins with its length in two bytes, and the rest.
fn part(input: &[u8]) -> (&[u8], &[u8]) {
    let Some((length, rest)) = input.split_first_chunk::<2>() else { return (&[], &[]) };
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length))).unwrap_or((rest, &[]))
}

fn party() -> RelyingParty {
    RelyingParty::of_issuer("https://id.example.org").unwrap()
}

/// `clientDataJSON` and `attestationObject`: a passkey that is accepted is of our page, and can be stored and read.
pub fn passkey_registration(input: &[u8]) -> bool {
    let (client, object) = part(input);
    let other = RelyingParty::of_issuer("https://id.example.net").unwrap();
    assert!(
        ClientData::read(&other, Ceremony::Registration, client).is_err() || !text(client).contains("example.org\"")
    );
    let Ok(data) = ClientData::read(&party(), Ceremony::Registration, client) else { return false };
    assert_eq!(ClientData::read(&party(), Ceremony::Authentication, client).unwrap_err(), WebauthnError::OtherCeremony);
    let Ok(new) = data.register(&party(), object) else { return false };
    assert!((1..=LONGEST_ID).contains(&new.id.len()));
    assert_eq!(PasskeyKey::from_stored(&new.key.to_stored()), Some(new.key));
    assert_eq!(data.register(&other, object).unwrap_err(), WebauthnError::OtherRelyingParty);
    true
}

/// `clientDataJSON`, a stored key, `authenticatorData` and the signature: what is accepted was signed with all of them.
pub fn passkey_assertion(input: &[u8]) -> bool {
    let (client, rest) = part(input);
    let (key, rest) = part(rest);
    let (authenticator, signature) = part(rest);
    let Ok(data) = ClientData::read(&party(), Ceremony::Authentication, client) else { return false };
    let Some(key) = PasskeyKey::from_stored(key) else { return false };
    let Ok(proof) = data.verify(&party(), &key, authenticator, signature) else { return false };
    assert_eq!(data.verify(&party(), &key, authenticator, signature), Ok(proof));
    // The same JSON with other bytes is another message.
    let spaced = [client, b" "].concat();
    let spaced = ClientData::read(&party(), Ceremony::Authentication, &spaced).unwrap();
    assert_eq!(spaced.challenge(), data.challenge());
    assert_eq!(spaced.verify(&party(), &key, authenticator, signature), Err(WebauthnError::Signature));
    let longer = [authenticator, b"x"].concat();
    assert!(data.verify(&party(), &key, &longer, signature).is_err());
    true
}

/// The ID token of an upstream provider: what is accepted is for this sign-in alone, and for ten minutes at most.
pub fn id_token(input: &[u8]) -> bool {
    let Ok(token) = IdToken::parse(text(input)) else { return false };
    let keys = JwkSet::parse(KEYS).unwrap();
    let expected =
        Expected { issuers: &[ISSUER], client_id: CLIENT, nonce: NONCE, access_token: Some(ACCESS_TOKEN), now: NOW };
    let Ok(verified) = token.verify(&keys, &expected) else { return false };
    assert!(token.names_key_of(&keys));
    assert!((1..=MAX_SUBJECT).contains(&verified.subject.as_str().len()));
    for wrong in [
        Expected { issuers: &["https://evil.example"], ..expected },
        Expected { client_id: "another", ..expected },
        Expected { nonce: "another", ..expected },
        Expected { now: NOW.plus(std::time::Duration::from_mins(12)), ..expected },
        Expected { now: NOW.minus(std::time::Duration::from_hours(1)), ..expected },
    ] {
        assert!(token.verify(&keys, &wrong).is_err(), "{wrong:?}");
    }
    assert!(token.verify(&JwkSet::default(), &expected).is_err());
    true
}

/// The metadata of a provider: every endpoint can be called without credentials, over https.
pub fn provider_metadata(input: &[u8]) -> bool {
    let Ok(metadata) = Metadata::parse(ISSUER, input) else { return false };
    assert_eq!(metadata.issuer, ISSUER);
    let required = [&metadata.authorization_endpoint, &metadata.token_endpoint, &metadata.jwks_uri];
    for url in required.into_iter().chain(metadata.userinfo_endpoint.as_ref()) {
        let url = Url::parse(url).unwrap();
        assert!(url.scheme() == "https" && url.has_host() && url.fragment().is_none(), "{url}");
        assert!(url.username().is_empty() && url.password().is_none(), "{url}");
    }
    true
}

/// What a provider tells of an account, as the claims of its token or the answer of its userinfo.
pub fn provider_claims(input: &[u8]) -> bool {
    let Ok(claims) = serde_json::from_slice::<Members>(input) else { return false };
    let names = ClaimNames { name: "name", email: "email", email_verified: "email_verified", groups: "groups" };
    let claimed = Claimed::read(&names, &claims, None);
    assert!(claimed.name.chars().count() <= 100 && !claimed.name.chars().any(char::is_control), "{:?}", claimed.name);
    assert!(claimed.groups.len() <= 500);
    if let Some(email) = claimed.verified_email_at(&["example.org".to_owned()]) {
        assert!(claimed.email_verified && email.folded().ends_with("@example.org"));
    }
    true
}

/// An encrypted backup: what is accepted reads back as it was sent.
pub fn encrypted_backup(input: &[u8]) -> bool {
    let text = text(input);
    let Ok(backup) = EncryptedBackup::parse(text) else { return false };
    assert!(text.len() <= backup::LONGEST && backup.as_bytes().len() >= 46);
    assert_eq!((backup.text().as_str(), backup.text_length()), (text, text.len()));
    assert_eq!(backup.digest(), EncryptedBackup::from_stored(backup.as_bytes().to_vec()).digest());
    true
}

/// A profile as JSON: what is accepted is stored and read, is accepted again, and can be shown in a line or as a link.
pub fn profile(input: &[u8]) -> bool {
    let Ok(entered) = serde_json::from_slice::<Entered>(input) else { return false };
    let Ok(change) = ProfileChange::of(entered) else { return false };
    let mut profile = Profile::default();
    profile.apply(&change, NOW);
    assert_eq!(Profile::from_stored(&profile.stored(), NOW).unwrap(), profile);
    for (field, text) in profile.iter() {
        assert_eq!(field.check(text), Ok(Some(text.to_owned())), "{field:?}");
        assert!(!text.chars().any(|letter| letter.is_control() && letter != '\n'), "{text:?}");
        if ["image", "profile", "website"].contains(&field.as_str()) {
            assert_eq!(Url::parse(text).unwrap().scheme(), "https", "{text}");
        }
    }
    true
}
