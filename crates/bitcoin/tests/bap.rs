//! Every derivation of the vector file that this crate implements.
//!
//! Left out: `bip32` keys (deprecated, derived only by clients; the bapIds of their root addresses are checked), the
//! ECIES blobs (`idsBlob`, `friendCipher`, `memberBackup.id`), and the transactions (`attestation`, `idTransaction`).
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use common::{bytes, hex};
use serde_json::Value;
use sigma_bitcoin::{BapId, BapIdError, PrivateKey, PublicKey};

const IDENTITY: &str = "1-sigma-identity";
const OLD_IDENTITY: &str = "1-bap-identity";
const FRIEND: &str = "Go8vCHAa4S6AhXKTABGpANiz35J";
const ENCRYPTION: &str = "m/424150'/2147483647'/2147483647'";

fn vectors() -> Value {
    serde_json::from_str(include_str!("../vectors/bap.json")).unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn private(value: &Value) -> PrivateKey {
    PrivateKey::from_bytes(bytes(text(value))).unwrap()
}

fn wif(value: &Value) -> PrivateKey {
    PrivateKey::from_wif(text(value)).unwrap()
}

fn public(value: &Value) -> PublicKey {
    PublicKey::parse(text(value)).unwrap()
}

/// The child of a key with itself.
fn child(key: &PrivateKey, invoice: &str) -> PrivateKey {
    key.derive_child(&key.public_key(), invoice).unwrap()
}

fn sha256(text: &str) -> String {
    hex(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes()).as_ref())
}

#[test]
fn a_bap_id_is_the_hash_of_the_text_of_the_root_address() {
    let file = vectors();
    for vector in list(&file["bapIdFromAddress"]) {
        let id = BapId::of_address(text(&vector["address"]));
        assert_eq!(id.as_str(), vector["bapId"]);
        assert_eq!(hex(&bs58::decode(id.as_str()).into_vec().unwrap()), vector["ripemd160"]);
    }
    for vector in list(&file["bapIdUpstreamRegression"]["vectors"]) {
        assert_eq!(BapId::of_address(text(&vector["rootAddress"])).as_str(), vector["bapId"]);
    }
    for identity in list(&file["bip32"]["identities"]) {
        let fresh = &identity["fresh"];
        assert_eq!(BapId::of_address(text(&fresh["rootAddress"])).as_str(), fresh["bapId"]);
    }
}

#[test]
fn the_worked_example_of_the_protocol_document_is_not_followed() {
    let example = &vectors()["bapIdSpecDocExample"];
    let id = BapId::of_address(text(&example["rootAddress"]));
    assert_eq!(id.as_str(), example["codeResult"]);
    assert_ne!(id.as_str(), example["specTextResult"]);
    let seed = &vectors()["bapIdSeedExample"];
    assert_eq!(BapId::of_address(text(&seed["rootAddress"])).as_str(), seed["bapIdFromAddress"]);
}

#[test]
fn a_bap_id_of_the_second_generation_is_that_of_the_public_key() {
    for vector in list(&vectors()["bapIdFromPubkey"]) {
        let key = public(&vector["pubkey"]);
        assert_eq!(private(&vector["priv"]).public_key(), key);
        assert_eq!(key.address(), vector["address"]);
        assert_eq!(BapId::of_public_key(&key).as_str(), vector["bapId"]);
    }
}

#[test]
fn a_bap_id_from_outside_is_base58_of_exactly_20_bytes() {
    let id = BapId::of_public_key(&common::key().public_key());
    assert_eq!(BapId::parse(id.as_str()), Ok(id));
    for bytes in [[0; 20], [0xff; 20]] {
        let spelled = bs58::encode(bytes).into_string();
        assert_eq!(BapId::parse(&spelled).unwrap().as_str(), spelled);
    }
    let nineteen = bs58::encode([0xff; 19]).into_string();
    let twenty_one = bs58::encode([1; 21]).into_string();
    for wrong in [
        "",
        "0OIl",
        " 3SyWUZXvhidNcEHbAC3HkBnKoD2Q",
        "3SyWUZXvhidNcEHbAC3HkBnKoD2Q\0",
        "3SyWUZXvhidNcEHbAC3HkBnKoD2é",
        &"1".repeat(19),
        &"1".repeat(21),
        &"1".repeat(28),
        &"z".repeat(28),
        &"z".repeat(100_000),
        &nineteen,
        &twenty_one,
    ] {
        assert_eq!(BapId::parse(wrong), Err(BapIdError), "{wrong}");
    }
}

#[test]
fn brc42_children_are_those_of_the_reference() {
    let file = vectors();
    for vector in list(&file["brc42"]) {
        let (own, counterparty) = (private(&vector["ownPriv"]), public(&vector["counterpartyPub"]));
        assert_eq!(own.public_key(), public(&vector["ownPub"]));
        let child = own.derive_child(&counterparty, text(&vector["invoice"])).unwrap();
        assert_eq!(*child.to_wif(), *private(&vector["childPriv"]).to_wif());
        assert_eq!(child.public_key(), public(&vector["childPub"]));
        assert_eq!(child.public_key().address(), vector["childAddress"]);
    }
}

/// One state of a Type42 identity: its member key and what is derived at its current path.
fn assert_identity(root: &PrivateKey, state: &Value) {
    let member = child(root, text(&state["rootPath"]));
    assert_eq!(member.public_key(), public(&state["memberPubkey"]));
    assert_eq!(*member.to_wif(), text(&state["memberWif"]));
    assert_eq!(member.public_key().address(), state["rootAddress"]);
    assert_eq!(BapId::of_public_key(&member.public_key()).as_str(), state["bapId"]);
    assert_eq!(child(&member, ENCRYPTION).public_key(), public(&state["encryptionPubkey"]));
    // A master identity names a friend by the bare hash of their id.
    let friend = child(&member, &sha256(FRIEND)).public_key();
    assert_eq!(friend, public(&state["encryptionPubkeyWithSeed_friend"]));

    let current = child(root, text(&state["currentPath"]));
    assert_eq!(current.public_key(), public(&state["walletPubkeyAtCurrent"]));
    assert_eq!(current.public_key().address(), state["legacyAddressAtCurrent"]);
    let signing = child(&current, IDENTITY).public_key();
    assert_eq!(signing, public(&state["signingPubkeyAtCurrent"]));
    assert_eq!(signing.address(), state["currentAddress"]);
    assert_eq!(child(&current, OLD_IDENTITY).public_key().address(), state["addressWithOldInvoice_1_bap_identity"]);
}

#[test]
fn type42_identities_and_their_rotations_are_those_of_the_reference() {
    let file = vectors();
    assert_eq!(list(&file["type42"]).len(), 2);
    for vector in list(&file["type42"]) {
        let root = wif(&vector["rootWif"]);
        assert_eq!(*root.to_wif(), *private(&vector["rootPriv"]).to_wif());
        assert_eq!(root.public_key(), public(&vector["rootPub"]));
        assert_eq!(child(&root, ENCRYPTION).public_key(), public(&vector["idsEncryptionPub"]));
        for identity in list(&vector["identities"]) {
            assert_identity(&root, &identity["fresh"]);
            for rotation in list(&identity["rotations"]) {
                assert_identity(&root, rotation);
            }
        }
    }
}

#[test]
fn type42_identities_at_other_paths_and_seeds_are_those_of_the_reference() {
    let special = &vectors()["type42Special"];
    let root = wif(&special["rootWif"]);
    assert_identity(&root, &special["customPath"]);
    assert_eq!(sha256(text(&special["idSeed"])), special["seedHex"]);
    assert_identity(&child(&root, text(&special["seedHex"])), &special["seeded"]);
}

#[test]
fn an_identity_of_the_third_generation_has_a_root_address_that_the_member_key_does_not_tell() {
    let file = vectors();
    assert_eq!(list(&file["v03"]).len(), 3);
    for vector in list(&file["v03"]) {
        let member = child(&wif(&vector["rootWif"]), &format!("bap:{}", vector["accountIndex"]));
        assert_eq!(*member.to_wif(), text(&vector["memberWif"]));
        assert_eq!(member.public_key(), public(&vector["memberPubkey"]));
        assert_eq!(member.public_key().address(), vector["memberAddress"]);
        assert_eq!(BapId::of_public_key(&member.public_key()).as_str(), vector["legacyBapId"]);
        for identity in list(&vector["identityKeys"]) {
            let key = child(&member, text(&identity["invoice"])).public_key();
            assert_eq!(key, public(&identity["pubkey"]));
            assert_eq!(key.address(), identity["address"]);
        }
        let root_address = child(&member, "1-sigma-identity-0").public_key().address();
        assert_eq!(root_address, vector["rootAddress"]);
        assert_eq!(BapId::of_address(&root_address).as_str(), vector["bapId"]);
        assert_ne!(vector["bapId"], vector["legacyBapId"]);
    }
}

#[test]
fn a_member_signs_with_counted_keys_and_meets_friends_by_their_ids() {
    let vector = &vectors()["member"];
    let member = wif(&vector["memberWif"]);
    assert_eq!(member.public_key(), public(&vector["memberPubkey"]));
    assert_eq!(member.public_key().address(), vector["rootAddress"]);
    assert_eq!(BapId::of_public_key(&member.public_key()).as_str(), vector["bapIdOfRootAddress"]);
    assert_eq!(child(&member, ENCRYPTION).public_key(), public(&vector["encryptionPubkey"]));
    for counted in list(&vector["counters"]) {
        let current = child(&member, &format!("bap:{}", counted["counter"]));
        assert_eq!(current.public_key(), public(&counted["currentPubkey"]));
        let signing = child(&current, IDENTITY).public_key();
        assert_eq!(signing, public(&counted["signingPubkey"]));
        assert_eq!(signing.address(), counted["signingAddress"]);
    }
    for friend in list(&vector["friend"]) {
        let invoice = format!("2-friend-{}", sha256(text(&friend["friendBapId"])));
        assert_eq!(invoice, friend["invoice"]);
        assert_eq!(child(&member, &invoice).public_key(), public(&friend["publicKey"]));
    }
}
