// Encryption between two identities: each derives one key for the other, and they exchange the public halves.
import { ECIES, Hash, type PrivateKey, PublicKey, Utils } from "@bsv/sdk";
import { child } from "./derivation.ts";

/** The key that an identity uses with one friend. */
export function friendKey(member: PrivateKey, friendBapId: string): PrivateKey {
  return child(member, `2-friend-${Utils.toHex(Hash.sha256(friendBapId, "utf8"))}`);
}

/** A friend's public key. Throws unless it is a point of the curve: any other would reveal something of the key. */
function pointOf(theirs: string): PublicKey {
  const pubkey = PublicKey.fromString(theirs);
  if (!pubkey.validate() || pubkey.toString() !== theirs) throw new Error("not a point of the curve");
  return pubkey;
}

/** Encrypts to the friend's public key, or to the own one (ECIES, BIE1). The own key is the sender's: the friend can check it. */
export function encryptTo(key: PrivateKey, data: number[], theirs: string | undefined): number[] {
  const to = theirs === undefined ? key.toPublicKey() : pointOf(theirs);
  return ECIES.electrumEncrypt(data, to, key);
}

/** Decrypts what the friend encrypted, or what was encrypted to the own key. Throws if it was made for another key. */
export function decryptFrom(key: PrivateKey, ciphertext: number[], theirs: string | undefined): number[] {
  const from = theirs === undefined ? undefined : pointOf(theirs);
  return ECIES.electrumDecrypt(ciphertext, key, from);
}
