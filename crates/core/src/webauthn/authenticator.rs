//! What an authenticator answers (§6.1, §6.5): its data, with a new key or a signature.

use std::io::Read;

use ciborium::Value;

use super::{ClientData, LONGEST_ID, PasskeyKey, RelyingParty, WebauthnError};

/// User present.
const UP: u8 = 1;
/// User verified.
const UV: u8 = 1 << 2;
/// The passkey may be backed up.
const BE: u8 = 1 << 3;
/// The passkey is backed up.
const BS: u8 = 1 << 4;
/// A new passkey is included.
const AT: u8 = 1 << 6;
/// Extensions are included.
const ED: u8 = 1 << 7;

/// How deep a value may be nested: a key is a map of numbers, an attestation statement has lists in it.
const DEEPEST: usize = 6;

/// A new passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPasskey {
    /// Its credential id.
    pub id: Vec<u8>,
    /// Its public key.
    pub key: PasskeyKey,
    /// Its signature counter.
    pub sign_count: u32,
    /// Whether it is synchronised to further devices.
    pub is_backed_up: bool,
}

/// A proof of an existing passkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asserted {
    /// Whether the authenticator verified its user, by PIN or biometrics.
    pub is_user_verified: bool,
    /// Its signature counter.
    pub sign_count: u32,
    /// Whether it is synchronised to further devices.
    pub is_backed_up: bool,
}

impl ClientData {
    /// Reads the new passkey of an `attestationObject` (§7.1). The attestation statement is ignored: none was asked for.
    /// Only a passkey whose authenticator verified its user is taken, so that each can be a second factor.
    ///
    /// # Errors
    /// [`WebauthnError`]
    pub fn register(&self, party: &RelyingParty, attestation_object: &[u8]) -> Result<NewPasskey, WebauthnError> {
        let mut rest = attestation_object;
        let object = read_value(&mut rest)?;
        let Value::Map(members) = object else { return Err(WebauthnError::Malformed) };
        if !rest.is_empty() {
            return Err(WebauthnError::Malformed);
        }
        let mut data = members.into_iter().filter_map(|(name, value)| match (name, value) {
            (Value::Text(name), Value::Bytes(data)) if name == "authData" => Some(data),
            _ => None,
        });
        let (Some(data), None) = (data.next(), data.next()) else { return Err(WebauthnError::Malformed) };
        let (data, attested) = AuthenticatorData::read(party, &data)?;
        let (id, key) = attested.ok_or(WebauthnError::Malformed)?;
        if data.flags & UV == 0 {
            return Err(WebauthnError::NotVerified);
        }
        Ok(NewPasskey { id, key, sign_count: data.sign_count, is_backed_up: data.flags & BS != 0 })
    }

    /// Verifies an assertion by `key` (§7.2). Whose key that is, and whether the counter advanced, is up to the caller.
    ///
    /// # Errors
    /// [`WebauthnError`]
    pub fn verify(
        &self,
        party: &RelyingParty,
        key: &PasskeyKey,
        authenticator_data: &[u8],
        signature: &[u8],
    ) -> Result<Asserted, WebauthnError> {
        let (data, _) = AuthenticatorData::read(party, authenticator_data)?;
        let signed = [authenticator_data, self.hash.as_bytes()].concat();
        key.verify(&signed, signature)?;
        Ok(Asserted {
            is_user_verified: data.flags & UV != 0,
            sign_count: data.sign_count,
            is_backed_up: data.flags & BS != 0,
        })
    }
}

struct AuthenticatorData {
    flags: u8,
    sign_count: u32,
}

/// The id and key of a new passkey.
type Attested = (Vec<u8>, PasskeyKey);

impl AuthenticatorData {
    /// Reads authenticator data (§6.1): all of it, and nothing after it.
    fn read(party: &RelyingParty, bytes: &[u8]) -> Result<(Self, Option<Attested>), WebauthnError> {
        let malformed = WebauthnError::Malformed;
        let (party_hash, rest) = bytes.split_first_chunk::<32>().ok_or(malformed)?;
        let (&[flags], rest) = rest.split_first_chunk::<1>().ok_or(malformed)?;
        let (count, mut rest) = rest.split_first_chunk::<4>().ok_or(malformed)?;
        if party_hash != party.id_hash.as_bytes() {
            return Err(WebauthnError::OtherRelyingParty);
        }
        if flags & UP == 0 {
            return Err(WebauthnError::NotPresent);
        }
        if flags & BE == 0 && flags & BS != 0 {
            return Err(malformed);
        }
        let attested = if flags & AT == 0 { None } else { Some(read_attested(&mut rest)?) };
        if flags & ED != 0 && !matches!(read_value(&mut rest)?, Value::Map(_)) {
            return Err(malformed);
        }
        if !rest.is_empty() {
            return Err(malformed);
        }
        Ok((Self { flags, sign_count: u32::from_be_bytes(*count) }, attested))
    }
}

/// Reads attested credential data (§6.5.1): the model's id, which is ignored, the credential id, and the key.
fn read_attested(rest: &mut &[u8]) -> Result<Attested, WebauthnError> {
    let malformed = WebauthnError::Malformed;
    let (_, after) = rest.split_first_chunk::<16>().ok_or(malformed)?;
    let (length, after) = after.split_first_chunk::<2>().ok_or(malformed)?;
    let length = usize::from(u16::from_be_bytes(*length));
    if length == 0 || length > LONGEST_ID {
        return Err(malformed);
    }
    let (id, after) = after.split_at_checked(length).ok_or(malformed)?;
    *rest = after;
    let key = PasskeyKey::of_value(&read_value(rest)?)?;
    Ok((id.to_vec(), key))
}

/// Reads one CBOR value (RFC 8949) from the beginning of `rest`.
pub(super) fn read_value(rest: &mut &[u8]) -> Result<Value, WebauthnError> {
    let reader: &mut dyn Read = rest;
    ciborium::de::from_reader_with_recursion_limit(reader, DEEPEST).map_err(|_| WebauthnError::Malformed)
}
