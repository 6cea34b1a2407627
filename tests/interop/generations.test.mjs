//! Keys of every generation of published wallets sign up and in alike, and the command-line client's sequence of requests.
//! The keys are those of the vectors in `crates/bitcoin/vectors`, derived by `@bsv/sdk`.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { request } from "node:http";
import { buffer } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { HD, Hash, PrivateKey, Utils } from "@bsv/sdk";
import { getAuthToken } from "bitcoin-auth";
import { startSigma } from "../support/sigma.mjs";

const vectors = JSON.parse(await readFile(new URL("../../crates/bitcoin/vectors/bap.json", import.meta.url), "utf8"));

let sigma;
before(async () => (sigma = await startSigma()));
after(() => sigma?.stop());

/** The identities of each generation: the account's key, the id, and whether the id follows from that key. */
function* identities() {
  const root = HD.fromString(vectors.bip32.xprv);
  for (const { fresh } of vectors.bip32.identities) {
    const key = root.derive(fresh.rootPath).privKey;
    assert.equal(key.toPublicKey().toString(), fresh.memberPubkey);
    yield { generation: `BIP32 ${fresh.idName}`, key, bapId: fresh.bapId, follows: true };
  }
  for (const [number, { identities }] of vectors.type42.entries()) {
    for (const { fresh } of identities) {
      yield { generation: `Type42 ${number} ${fresh.idName}`, key: PrivateKey.fromWif(fresh.memberWif), bapId: fresh.bapId, follows: true };
    }
  }
  for (const [name, special] of [["custom path", vectors.type42Special.customPath], ["seeded", vectors.type42Special.seeded]]) {
    yield { generation: `Type42 ${name}`, key: PrivateKey.fromWif(special.memberWif), bapId: special.bapId, follows: true };
  }
  for (const vector of vectors.v03) {
    yield { generation: `0.3 ${vector.label}`, key: PrivateKey.fromWif(vector.memberWif), bapId: vector.bapId, follows: false };
  }
}

/** The client as it is: neither Origin nor Sec-Fetch headers, no redirects, and the cookie that it was given. */
async function send(path, { method = "POST", headers = {}, body, cookie } = {}) {
  const sent = { ...headers, ...(cookie && { cookie }), ...(body !== undefined && { "content-type": "application/json" }) };
  const [message] = await new Promise((resolve, reject) =>
    request(new URL(path, sigma.issuer), { method, headers: sent }, (...answer) => resolve(answer)).on("error", reject).end(body),
  );
  const text = (await buffer(message)).toString();
  assert.ok(message.statusCode < 300 || message.statusCode >= 400, `${path} redirects`);
  const set = message.headers["set-cookie"]?.[0]?.split(";")[0];
  return { status: message.statusCode, json: text ? JSON.parse(text) : undefined, cookie: set };
}

const sign = (key, requestPath, body) => getAuthToken({ privateKeyWif: key.toWif(), requestPath, body, scheme: "brc77" });

const SIGN_IN = "/api/auth/sign-in/sigma";
const SIGN_UP = "/api/auth/sign-up/sigma";

function signIn(key, bapId) {
  const body = JSON.stringify({ bapId });
  return send(SIGN_IN, { headers: { "x-auth-token": sign(key, SIGN_IN, body) }, body });
}

function signUp(key, bapId) {
  const body = JSON.stringify({ bapId, intent: "sign-up" });
  const headers = { "x-auth-token": sign(key, SIGN_IN), "x-sigma-enrollment-proof": sign(key, SIGN_UP, body) };
  return send(SIGN_UP, { headers, body });
}

test("every generation of keys signs up and in alike", async (t) => {
  for (const { generation, key, bapId, follows } of identities()) {
    const pubkey = key.toPublicKey().toString();
    await t.test(generation, async () => {
      const first = await signUp(key, bapId);
      assert.equal(first.status, 200, JSON.stringify(first.json));
      const [named, unnamed] = [await signIn(key, bapId), await send(SIGN_IN, { headers: { "x-auth-token": sign(key, SIGN_IN) }, body: "{}" })];
      for (const answer of [named, unnamed]) {
        assert.equal(answer.status, 200, JSON.stringify(answer.json));
        assert.deepEqual([answer.json.user.id, answer.json.user.pubkey], [first.json.user.id, pubkey]);
      }
      const { json } = await send("/api/user/bap-ids", { method: "GET", cookie: named.cookie });
      // One root yields identities of two generations, which are then of one account.
      assert.equal(json.bapIds.find((one) => one.identity_key === bapId)?.proven, follows);
    });
  }
});

test("the command-line client enrols, registers, backs up and signs out", async () => {
  const [key, root] = [PrivateKey.fromRandom(), PrivateKey.fromRandom()];
  // Its identity does not follow from the account's key.
  const bapId = Utils.toBase58(Hash.ripemd160(Hash.sha256(Utils.toArray(root.toAddress(), "utf8"))));
  const unknown = await signIn(key, bapId);
  assert.deepEqual([unknown.status, unknown.json.code], [403, "RESTORE_PROFILE_NOT_FOUND"]);
  const first = await signUp(key, bapId);
  const again = await signUp(key, bapId);
  assert.deepEqual([first.status, again.status], [200, 200], JSON.stringify([first.json, again.json]));
  assert.deepEqual(first.json.user, again.json.user);

  const { status, json, cookie } = await signIn(key, bapId);
  assert.deepEqual([status, json.user], [200, first.json.user]);
  const accountPubkey = key.toPublicKey().toString();
  const registration = JSON.stringify({ bapId, name: "Main", isPrimary: true, accountPubkey, counter: 0 });
  const registered = await send("/api/user/bap-ids", { cookie, body: registration });
  assert.equal(registered.status, 200, JSON.stringify(registered.json));
  const { bap_id, user_id, account_pubkey, counter } = registered.json.bapId;
  assert.deepEqual([bap_id, user_id, account_pubkey, counter], [bapId, first.json.user.id, accountPubkey, null]);

  const encryptedBackup = randomBytes(300).toString("base64");
  const stored = await send("/api/backup", { cookie, body: JSON.stringify({ bapId, encryptedBackup }) });
  assert.deepEqual([stored.status, stored.json.success], [200, true], JSON.stringify(stored.json));
  const kept = await send("/api/backup/status", { method: "GET", cookie });
  assert.equal(kept.json.hasCloudBackup, true);

  assert.deepEqual((await send("/api/auth/sign-out", { cookie, body: "{}" })).json, { success: true });
  assert.equal((await send("/api/user/bap-ids", { method: "GET", cookie })).status, 401);

  // Somebody else's identity stays theirs.
  const stranger = PrivateKey.fromRandom();
  const refused = await signUp(stranger, bapId);
  assert.deepEqual([refused.status, refused.json.code], [403, "BAP_OWNERSHIP_FAILED"]);
});
