// An unlocked identity. The key stays inside the object, which only releases signed tokens.
import { PrivateKey } from "@bsv/sdk";
import { getAuthToken } from "bitcoin-auth";
import { signPushes } from "./aip.ts";
import { decryptFrom, encryptTo, friendKey } from "./friends.ts";

/** How a token is signed: `bsm` is the older Bitcoin Signed Message. */
export type Scheme = "brc77" | "bsm";

/** How the text of a body stands for its bytes. */
export type BodyEncoding = "utf8" | "hex" | "base64";

/** One identity of an account, able to sign until the page is left. */
export class UnlockedIdentity {
  readonly bapId: string;
  readonly name: string;
  readonly pubkey: string;
  readonly #member: PrivateKey;
  readonly #signing: PrivateKey;

  /**
   * `wif` is the member key: the account key itself, which signs in. `signing` is the identity's rotating signing key, which
   * signs data.
   */
  constructor(bapId: string, name: string, wif: string, signing: PrivateKey) {
    this.bapId = bapId;
    this.name = name;
    this.#member = PrivateKey.fromWif(wif);
    this.#signing = signing;
    this.pubkey = this.#member.toPublicKey().toString();
  }

  /** A bitcoin-auth token over a path and, where given, the exact bytes of a body. */
  token(requestPath: string, body?: string, scheme: Scheme = "brc77", bodyEncoding: BodyEncoding = "utf8"): string {
    const bound = body === undefined ? {} : { body, bodyEncoding };
    return getAuthToken({ privateKeyWif: this.#member.toWif(), requestPath, scheme, ...bound });
  }

  /** The pushes of an OP_RETURN output with a signature by the identity's signing key, never by the key that signs in. */
  signData(pushes: number[][]): number[][] {
    return signPushes(pushes, this.#signing);
  }

  /** The public key that a friend encrypts to. */
  friendPublicKey(friendBapId: string): string {
    return friendKey(this.#member, friendBapId).toPublicKey().toString();
  }

  /** Encrypts data for a friend, or for this identity itself without a public key of theirs. */
  encryptFor(friendBapId: string, data: number[], theirs?: string): number[] {
    return encryptTo(friendKey(this.#member, friendBapId), data, theirs);
  }

  /** Decrypts what a friend encrypted for this identity. */
  decryptFrom(friendBapId: string, ciphertext: number[], theirs?: string): number[] {
    return decryptFrom(friendKey(this.#member, friendBapId), ciphertext, theirs);
  }
}

/** A request to sign in or up: the exact body, and the signed headers. */
export interface SignedRequest {
  path: string;
  body: string;
  headers: Record<string, string>;
}

// The signed path starts with the issuer, so the token is useless to any other server.
const SIGN_IN = "/api/auth/sign-in/sigma";
const SIGN_UP = "/api/auth/sign-up/sigma";

/** Signs in as an identity that has an account here. */
export function signInRequest(issuer: string, identity: UnlockedIdentity): SignedRequest {
  const body = JSON.stringify({ bapId: identity.bapId });
  return { path: SIGN_IN, body, headers: { "X-Auth-Token": identity.token(issuer + SIGN_IN, body) } };
}

/** Creates an account for an identity, or signs in if it has one. */
export function signUpRequest(issuer: string, identity: UnlockedIdentity): SignedRequest {
  const body = JSON.stringify({ bapId: identity.bapId, intent: "sign-up" });
  return {
    path: SIGN_UP,
    body,
    headers: {
      "X-Auth-Token": identity.token(issuer + SIGN_IN),
      "X-Sigma-Enrollment-Proof": identity.token(issuer + SIGN_UP, body),
    },
  };
}

const ADD_KEY = "/account/key";

/** Adds the key of an identity to the signed-in account, which the signature names. */
export function addKeyRequest(
  issuer: string,
  identity: UnlockedIdentity,
  userId: string,
  retireOthers: boolean,
): SignedRequest {
  const body = JSON.stringify({ userId, retireOthers });
  return { path: ADD_KEY, body, headers: { "X-Sigma-Enrollment-Proof": identity.token(issuer + ADD_KEY, body) } };
}
