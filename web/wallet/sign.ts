// An unlocked identity. The key stays inside the object, which only releases signed tokens.
import { PrivateKey } from "@bsv/sdk";
import { getAuthToken } from "bitcoin-auth";

/** One identity of an account, able to sign until the page is left. */
export class UnlockedIdentity {
  readonly bapId: string;
  readonly name: string;
  readonly pubkey: string;
  readonly #wif: string;

  /** `wif` is the member key: the account key itself, not the identity's rotating signing key. */
  constructor(bapId: string, name: string, wif: string) {
    this.bapId = bapId;
    this.name = name;
    this.pubkey = PrivateKey.fromWif(wif).toPublicKey().toString();
    this.#wif = wif;
  }

  /** A bitcoin-auth token (BRC-77) over a path and, where given, the exact bytes of a body. */
  token(requestPath: string, body?: string): string {
    const bound = body === undefined ? {} : { body };
    return getAuthToken({ privateKeyWif: this.#wif, requestPath, scheme: "brc77", ...bound });
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
