// What an unlocked identity does for an app that may ask for it.
import type { UnlockedIdentity } from "../wallet/sign.ts";
import type { Ask, Result } from "./protocol.ts";

/** Carries out a request. Throws if a key or a ciphertext of the app's is none. */
export function perform(identity: UnlockedIdentity, ask: Ask): Result {
  switch (ask.kind) {
    case "sign": {
      const token = identity.token(ask.requestPath, ask.body, ask.scheme, ask.bodyEncoding);
      return { kind: ask.kind, token, pubkey: identity.pubkey };
    }
    case "data":
      return { kind: ask.kind, pushes: identity.signData(ask.pushes) };
    case "encrypt":
      return { kind: ask.kind, ciphertext: identity.encryptFor(ask.friend, ask.data, ask.theirs) };
    case "decrypt":
      return { kind: ask.kind, data: identity.decryptFrom(ask.friend, ask.ciphertext, ask.theirs) };
    case "friend":
      return { kind: ask.kind, pubkey: identity.friendPublicKey(ask.friend) };
  }
}
