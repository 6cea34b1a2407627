//! Verifies a child key's signature without deriving the child, which would cost as much as the verification.

use secp256k1::constants::CURVE_ORDER;
use secp256k1::ecdsa::Signature;
use secp256k1::{Message, PublicKey, Scalar, SecretKey};

/// Whether `signature` over `digest` was made by the child `C = P + t·G` of `parent` (P), for the public number `tweak`
/// (t).
///
/// ECDSA accepts (r, s) over m for the key Q if neither number is zero and the point s⁻¹·(m·G + r·Q), which must not be
/// infinity, has the x coordinate r modulo the order n. For Q = C:
///
/// ```text
/// s⁻¹·(m·G + r·C) = s⁻¹·(m·G + r·P + r·t·G) = s⁻¹·((m + r·t)·G + r·P)
/// ```
///
/// which is the point of Q = P over m + r·t mod n. Point and r are the same, so the result is the same. So are the
/// rules for r and s alone: both non-zero and below n, s at most n/2.
///
/// One case is not covered, since ECDSA has no key there: C at infinity, where P = −t·G. Such a token would need a t,
/// which is an HMAC keyed with P, that equals the negative of P's private key: 1 in 2^256 per attempt. Anyone who found
/// it would know the private key, −t, and be the signer that the token names.
pub(super) fn has_signed(parent: &PublicKey, tweak: &Scalar, digest: [u8; 32], signature: &Signature) -> bool {
    let Some(message) = shift(digest, tweak, signature) else { return false };
    // libsecp256k1 rejects a high s and an s of zero here.
    signature.verify(Message::from_digest(message), parent).is_ok()
}

/// `digest + r·tweak` modulo the order; `None` if r is zero. All numbers are public.
fn shift(digest: [u8; 32], tweak: &Scalar, signature: &Signature) -> Option<[u8; 32]> {
    if *tweak == Scalar::ZERO {
        return Some(digest);
    }
    let (r, _) = signature.serialize_compact().split_first_chunk().map(|(r, s)| (*r, s.len()))?;
    let product = SecretKey::from_secret_bytes(r).and_then(|r| r.mul_tweak(tweak)).ok()?;
    // Zero is not a private key, but ECDSA accepts it as a message.
    Some(product.add_tweak(&reduce(digest)).map_or([0; 32], |sum| sum.to_secret_bytes()))
}

/// `number` modulo the order, which is more than half of 2^256.
fn reduce(number: [u8; 32]) -> Scalar {
    Scalar::from_be_bytes(number).unwrap_or_else(|_| {
        let mut difference = number;
        let mut borrow = false;
        for (digit, of_order) in difference.iter_mut().zip(CURVE_ORDER).rev() {
            let (without_order, first) = digit.overflowing_sub(of_order);
            let (without_borrow, second) = without_order.overflowing_sub(u8::from(borrow));
            (*digit, borrow) = (without_borrow, first || second);
        }
        // Below 2^256 - n, so below n.
        Scalar::from_be_bytes(difference).unwrap_or(Scalar::ZERO)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    /// The result by definition: derives the child and verifies with it.
    fn by_derivation(parent: &PublicKey, tweak: &Scalar, digest: [u8; 32], signature: &Signature) -> bool {
        let child = parent.add_exp_tweak(tweak);
        child.is_ok_and(|child| signature.verify(Message::from_digest(digest), &child).is_ok())
    }

    fn scalar(bytes: [u8; 32]) -> Scalar {
        reduce(bytes)
    }

    fn small(number: u8) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes[31] = number;
        bytes
    }

    fn compact(r: [u8; 32], s: [u8; 32]) -> Option<Signature> {
        Signature::from_compact(&[r, s].concat()).ok()
    }

    /// A signature with the nonce 1 by the child of `parent`: r is the x coordinate of G, s is `digest + r·(parent +
    /// tweak)`, low. Computed by hand, so that it also exists where the child has no private key.
    fn with_nonce_one(parent: &SecretKey, tweak: &Scalar, digest: [u8; 32]) -> Option<Signature> {
        let r = SecretKey::from_secret_bytes(small(1)).unwrap().public_key().x_only_public_key().0.to_byte_array();
        let child = parent.add_tweak(tweak).ok();
        let product = child.map(|child| child.mul_tweak(&scalar(r)).unwrap());
        let s = match product {
            Some(product) => product.add_tweak(&scalar(digest)).ok()?.to_secret_bytes(),
            None => scalar(digest).to_be_bytes(),
        };
        let mut signature = compact(r, s)?;
        signature.normalize_s();
        Some(signature)
    }

    fn any_secret() -> impl Strategy<Value = SecretKey> {
        any::<[u8; 32]>().prop_filter_map("no key", |bytes| SecretKey::from_secret_bytes(bytes).ok())
    }

    /// Numbers of every size, and those at which something wraps.
    fn any_number() -> impl Strategy<Value = [u8; 32]> {
        let near_order = |off: u8| {
            let mut bytes = CURVE_ORDER;
            bytes[31] -= off;
            bytes
        };
        let edges = [small(0), small(1), small(2), near_order(2), near_order(1), near_order(0), [0xff; 32]];
        prop_oneof![3 => any::<[u8; 32]>(), 1 => select(edges.to_vec())]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn the_verdict_is_that_of_the_derived_child(
            parent in any_secret(),
            tweak in any_number().prop_map(scalar),
            other in any_number().prop_map(scalar),
            digest in any_number(),
            changed in 0_u8..4,
        ) {
            let child = parent.add_tweak(&tweak);
            prop_assume!(child.is_ok());
            let right = child.unwrap().sign_ecdsa(Message::from_digest(digest));
            let point = parent.public_key();
            prop_assert!(has_signed(&point, &tweak, digest, &right));
            let mut high = right.serialize_compact();
            let s = SecretKey::from_secret_bytes(*high.last_chunk().unwrap()).unwrap().negate();
            high[32..].copy_from_slice(s.as_secret_bytes());
            let [mut bent_r, mut bent_s] = [right.serialize_compact(); 2];
            (bent_r[usize::from(changed) * 7], bent_s[32 + usize::from(changed) * 7]) = (changed, changed);
            let signatures = [
                Some(right),
                Signature::from_compact(&high).ok(),
                Signature::from_compact(&bent_r).ok(),
                Signature::from_compact(&bent_s).ok(),
                Some(parent.sign_ecdsa(Message::from_digest(digest))),
                with_nonce_one(&parent, &tweak, digest),
                with_nonce_one(&parent, &other, digest),
                compact(*right.serialize_compact().first_chunk().unwrap(), [0; 32]),
                compact([0; 32], *right.serialize_compact().last_chunk().unwrap()),
                compact([0; 32], [0; 32]),
            ];
            let mut verdicts = [0; 2];
            for signature in signatures.into_iter().flatten() {
                for (tweak, digest) in [(tweak, digest), (other, digest), (tweak, other.to_be_bytes())] {
                    let verdict = by_derivation(&point, &tweak, digest, &signature);
                    prop_assert_eq!(has_signed(&point, &tweak, digest, &signature), verdict);
                    verdicts[usize::from(verdict)] += 1;
                }
            }
            prop_assert!(verdicts[0] > 0 && verdicts[1] > 0, "{:?}", verdicts);
        }

        #[test]
        fn the_verdict_on_arbitrary_numbers_is_that_of_the_derived_child(
            parent in any_secret(),
            tweak in any_number().prop_map(scalar),
            digest in any_number(),
            r in any_number(),
            s in any_number(),
        ) {
            if let Some(signature) = compact(r, s) {
                let point = parent.public_key();
                let verdict = by_derivation(&point, &tweak, digest, &signature);
                prop_assert_eq!(has_signed(&point, &tweak, digest, &signature), verdict);
            }
        }

        #[test]
        fn numbers_are_reduced_as_libsecp256k1_does(number in any_number(), key in any_secret()) {
            let signature = key.sign_ecdsa(Message::from_digest(number));
            let reduced = Message::from_digest(reduce(number).to_be_bytes());
            prop_assert!(signature.verify(reduced, &key.public_key()).is_ok());
        }
    }

    #[test]
    fn a_sum_of_zero_is_a_message_like_any_other() {
        let parent = SecretKey::from_secret_bytes([7; 32]).unwrap();
        let tweak = scalar([3; 32]);
        let r = SecretKey::from_secret_bytes(small(1)).unwrap().public_key().x_only_public_key().0.to_byte_array();
        // −r·t, so that the shifted message is zero.
        let digest = SecretKey::from_secret_bytes(r).unwrap().mul_tweak(&tweak).unwrap().negate().to_secret_bytes();
        let signature = with_nonce_one(&parent, &tweak, digest).unwrap();
        assert_eq!(shift(digest, &tweak, &signature), Some([0; 32]));
        assert!(by_derivation(&parent.public_key(), &tweak, digest, &signature));
        assert!(has_signed(&parent.public_key(), &tweak, digest, &signature));
        let other = with_nonce_one(&parent, &scalar([4; 32]), digest).unwrap();
        assert!(!has_signed(&parent.public_key(), &tweak, digest, &other));
    }

    /// The only case in which the results differ: the tweak is the negative of the private key, so that there is no
    /// child. The accepted signature is made without the private key, but the tweak, which is public, is that key.
    #[test]
    fn a_child_at_infinity_means_that_the_tweak_gives_the_private_key_away() {
        let parent = SecretKey::from_secret_bytes([7; 32]).unwrap();
        let tweak = Scalar::from_be_bytes(parent.negate().to_secret_bytes()).unwrap();
        let signature = with_nonce_one(&parent, &tweak, [5; 32]).unwrap();
        assert!(parent.public_key().add_exp_tweak(&tweak).is_err());
        assert!(!by_derivation(&parent.public_key(), &tweak, [5; 32], &signature));
        assert!(has_signed(&parent.public_key(), &tweak, [5; 32], &signature));
        let known_to_everybody = SecretKey::from_secret_bytes(tweak.to_be_bytes()).unwrap().negate();
        assert_eq!(known_to_everybody, parent);
    }
}
