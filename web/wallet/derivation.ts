// The keys that an identity derives from its member key. None of them signs in anywhere.
import { type PrivateKey } from "@bsv/sdk";
import { bapIdFromAddress } from "bsv-bap";

const SIGNING = "1-sigma-identity";

/** BRC-42 with the key's own public key as the counterparty. */
export function child(key: PrivateKey, invoice: string): PrivateKey {
  return key.deriveChild(key.toPublicKey(), invoice);
}

/** The key that signs data of an identity in a master backup: derived from the key at its current path. */
export function masterSigningKey(bapId: string, root: PrivateKey, current: PrivateKey): PrivateKey {
  // Newer identities are named by this key, and sign with it until they rotate it.
  const named = child(root, `${SIGNING}-0`);
  const isNamed = bapIdFromAddress(named.toPublicKey().toAddress()) === bapId;
  return isNamed && root.toWif() === current.toWif() ? named : child(current, SIGNING);
}

/** The key that signs data of an identity in a member backup, after `counter` rotations. */
export function memberSigningKey(member: PrivateKey, counter: number): PrivateKey {
  return child(child(member, `bap:${counter}`), SIGNING);
}
