use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use ciborium::Value;
use proptest::prelude::*;

use super::*;

const CHALLENGE: &[u8] = b"a challenge of ours";
const ID: &[u8] = b"credential id";

fn party() -> RelyingParty {
    RelyingParty::of_issuer("https://id.example.org").unwrap()
}

fn client_data(kind: &str, origin: &str, more: &str) -> Vec<u8> {
    let challenge = base64url::encode(CHALLENGE);
    format!(r#"{{"type":"{kind}","challenge":"{challenge}","origin":"{origin}"{more}}}"#).into_bytes()
}

fn read(ceremony: Ceremony, json: &[u8]) -> Result<ClientData, WebauthnError> {
    ClientData::read(&party(), ceremony, json)
}

fn create() -> ClientData {
    read(Ceremony::Registration, &client_data("webauthn.create", "https://id.example.org", "")).unwrap()
}

fn get() -> ClientData {
    read(Ceremony::Authentication, &client_data("webauthn.get", "https://id.example.org", "")).unwrap()
}

fn data(party: &str, flags: u8, count: u32, rest: &[u8]) -> Vec<u8> {
    [Digest::of(party).as_bytes().as_slice(), &[flags], &count.to_be_bytes(), rest].concat()
}

fn attested(key: &[u8]) -> Vec<u8> {
    [&[0; 16], u16::try_from(ID.len()).unwrap().to_be_bytes().as_slice(), ID, key].concat()
}

fn cbor(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}

fn object(data: Vec<u8>) -> Vec<u8> {
    let member = |name: &str, value| (Value::Text(name.to_owned()), value);
    cbor(&Value::Map(vec![
        member("fmt", Value::Text("none".to_owned())),
        member("attStmt", Value::Map(Vec::new())),
        member("authData", Value::Bytes(data)),
    ]))
}

fn pair() -> EcdsaKeyPair {
    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap()
}

fn cose(members: &[(i64, Value)]) -> Vec<u8> {
    let members = members.iter().map(|(name, value)| (Value::Integer((*name).into()), value.clone()));
    cbor(&Value::Map(members.collect()))
}

fn number(number: i64) -> Value {
    Value::Integer(number.into())
}

fn es256(point: &[u8]) -> Vec<u8> {
    let (x, y) = (point[1..33].to_vec(), point[33..].to_vec());
    cose(&[(1, number(2)), (3, number(-7)), (-1, number(1)), (-2, Value::Bytes(x)), (-3, Value::Bytes(y))])
}

#[test]
fn a_new_passkey_proves_itself_afterwards() {
    let pair = pair();
    let key = es256(pair.public_key().as_ref());
    let new = create().register(&party(), &object(data("id.example.org", 0b0101_1101, 7, &attested(&key)))).unwrap();
    assert_eq!((new.id.as_slice(), new.sign_count, new.is_backed_up), (ID, 7, true));
    assert_eq!(PasskeyKey::from_stored(&new.key.to_stored()), Some(new.key.clone()));

    let (client, authenticator) =
        (client_data("webauthn.get", "https://id.example.org", ""), |flags| data("id.example.org", flags, 8, &[]));
    #[expect(clippy::disallowed_methods, reason = "ECDSA draws its nonce inside aws-lc")]
    let random = SystemRandom::new();
    let sign = |authenticator: &[u8]| {
        let message = [authenticator, Digest::of(&client).as_bytes()].concat();
        pair.sign(&random, &message).unwrap().as_ref().to_vec()
    };
    for (flags, is_user_verified) in [(0b0000_0101, true), (0b0000_0001, false)] {
        let authenticator = authenticator(flags);
        let proof = get().verify(&party(), &new.key, &authenticator, &sign(&authenticator)).unwrap();
        assert_eq!(proof, Asserted { is_user_verified, sign_count: 8, is_backed_up: false });
    }
    let absent = authenticator(0b0000_0100);
    assert_eq!(get().verify(&party(), &new.key, &absent, &sign(&absent)), Err(WebauthnError::NotPresent));
    let elsewhere = data("example.org", 5, 8, &[]);
    assert_eq!(get().verify(&party(), &new.key, &elsewhere, &sign(&elsewhere)), Err(WebauthnError::OtherRelyingParty));
    let (first, second) = (authenticator(0b0000_0101), authenticator(0b0000_0001));
    assert_eq!(get().verify(&party(), &new.key, &first, &sign(&second)), Err(WebauthnError::Signature));
    let longer = [first.as_slice(), b"x"].concat();
    assert_eq!(get().verify(&party(), &new.key, &longer, &sign(&longer)), Err(WebauthnError::Malformed));
}

#[test]
fn only_usable_keys_of_known_algorithms_are_registered() {
    let ed25519 = Ed25519KeyPair::generate().unwrap();
    let ed25519 = |alg: i64, crv: i64| {
        let x = Value::Bytes(ed25519.public_key().as_ref().to_vec());
        cose(&[(1, number(1)), (3, number(alg)), (-1, number(crv)), (-2, x)])
    };
    let rsa = |bytes: usize| {
        let (n, e) = (Value::Bytes(vec![0xFF; bytes]), Value::Bytes(vec![1, 0, 1]));
        cose(&[(1, number(3)), (3, number(-257)), (-1, n), (-2, e)])
    };
    let mut off_curve = pair().public_key().as_ref().to_vec();
    off_curve[64] ^= 1;
    let twice = cose(&[(1, number(1)), (1, number(2)), (3, number(-8))]);
    for (key, expected) in [
        (ed25519(-8, 6), Ok(())),
        (rsa(256), Ok(())),
        (es256(pair().public_key().as_ref()), Ok(())),
        (ed25519(-7, 6), Err(WebauthnError::UnsupportedKey)),
        (ed25519(-8, 7), Err(WebauthnError::UnsupportedKey)),
        (rsa(128), Err(WebauthnError::UnsupportedKey)),
        (es256(&off_curve), Err(WebauthnError::UnsupportedKey)),
        (twice, Err(WebauthnError::UnsupportedKey)),
        (cbor(&Value::Text("key".to_owned())), Err(WebauthnError::Malformed)),
    ] {
        let new = create().register(&party(), &object(data("id.example.org", 0x45, 0, &attested(&key))));
        assert_eq!(new.as_ref().map(|_| ()).map_err(|error| *error), expected);
        if let Ok(new) = new {
            assert_eq!(PasskeyKey::from_stored(&new.key.to_stored()), Some(new.key));
        }
    }
    let unverified = object(data("id.example.org", 0x41, 0, &attested(&es256(pair().public_key().as_ref()))));
    assert_eq!(create().register(&party(), &unverified), Err(WebauthnError::NotVerified));
    let without = object(data("id.example.org", 0x05, 0, &[]));
    assert_eq!(create().register(&party(), &without), Err(WebauthnError::Malformed));
}

#[test]
fn responses_of_other_pages_and_ceremonies_are_refused() {
    use Ceremony::{Authentication, Registration};
    let ours = "https://id.example.org";
    for (ceremony, kind, origin, more, expected) in [
        (Authentication, "webauthn.get", ours, "", Ok(())),
        (Authentication, "webauthn.get", ours, r#","crossOrigin":false,"other":{"keys":[1]}"#, Ok(())),
        (Authentication, "webauthn.create", ours, "", Err(WebauthnError::OtherCeremony)),
        (Registration, "webauthn.get", ours, "", Err(WebauthnError::OtherCeremony)),
        (Registration, "payment.get", ours, "", Err(WebauthnError::OtherCeremony)),
        (Authentication, "webauthn.get", "https://evil.example", "", Err(WebauthnError::OtherOrigin)),
        (Authentication, "webauthn.get", "https://id.example.org.evil.example", "", Err(WebauthnError::OtherOrigin)),
        (Authentication, "webauthn.get", "http://id.example.org", "", Err(WebauthnError::OtherOrigin)),
        (Authentication, "webauthn.get", "https://id.example.org:8443", "", Err(WebauthnError::OtherOrigin)),
        (Authentication, "webauthn.get", ours, r#","crossOrigin":true"#, Err(WebauthnError::OtherOrigin)),
        (
            Authentication,
            "webauthn.get",
            ours,
            r#","topOrigin":"https://evil.example""#,
            Err(WebauthnError::OtherOrigin),
        ),
        (Authentication, "webauthn.get", ours, r#","origin":"https://id.example.org""#, Err(WebauthnError::Malformed)),
    ] {
        let client = read(ceremony, &client_data(kind, origin, more));
        assert_eq!(client.as_ref().map(|_| ()).map_err(|error| *error), expected, "{kind} {origin} {more}");
        if let Ok(client) = client {
            assert_eq!(client.challenge(), CHALLENGE);
        }
    }
}

#[test]
fn passkeys_need_a_domain_and_a_secure_connection() {
    for (issuer, id, origin) in [
        ("https://id.example.org", "id.example.org", "https://id.example.org"),
        ("https://id.example.org:8443/", "id.example.org", "https://id.example.org:8443"),
        ("http://localhost:4400", "localhost", "http://localhost:4400"),
    ] {
        let party = RelyingParty::of_issuer(issuer).unwrap();
        assert_eq!((party.id(), party.origin.as_str()), (id, origin));
    }
    for issuer in ["http://id.example.org", "https://192.0.2.1", "https://[::1]:4400", "http://127.0.0.1:4400", "id"] {
        assert_eq!(RelyingParty::of_issuer(issuer), None, "{issuer}");
    }
}

#[test]
fn a_counter_that_does_not_grow_is_that_of_a_copy() {
    for (stored, received, advances) in
        [(0, 0, true), (0, 1, true), (1, 2, true), (5, 5, false), (5, 4, false), (5, 0, false), (u32::MAX, 0, false)]
    {
        assert_eq!(counter_advances(stored, received), advances, "{stored} {received}");
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), cut: prop::sample::Index) {
        prop_assert!(create().register(&party(), &bytes).is_err());
        let _ = read(Ceremony::Authentication, &bytes);
        let _ = PasskeyKey::from_stored(&bytes);
        let whole = object(data("id.example.org", 0x45, 0, &attested(&es256(pair().public_key().as_ref()))));
        prop_assert!(create().register(&party(), &whole).is_ok());
        prop_assert!(create().register(&party(), &whole[..cut.index(whole.len())]).is_err());
        let mut data = data("id.example.org", 0xC5, 0, &bytes);
        prop_assert!(create().register(&party(), &object(data.clone())).is_err());
        data.truncate(cut.index(data.len()));
        let key = PasskeyKey::of_value(&authenticator::read_value(&mut es256(pair().public_key().as_ref()).as_slice()).unwrap()).unwrap();
        prop_assert!(get().verify(&party(), &key, &data, &bytes).is_err());
    }
}
