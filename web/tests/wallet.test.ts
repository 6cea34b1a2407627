import assert from "node:assert/strict";
import { test } from "node:test";
import { PrivateKey } from "@bsv/sdk";
import { parseAuthToken, verifyAuthToken } from "bitcoin-auth";
import { decryptBackup, encryptBackup, isType42Backup } from "bitcoin-backup";
import { BAP, bapIdFromPubkey } from "bsv-bap";
import { createKey } from "../wallet/create.ts";
import { memberSigningKey } from "../wallet/derivation.ts";
import { UnlockedIdentity, signInRequest, signUpRequest } from "../wallet/sign.ts";
import { UnlockError, unlock } from "../wallet/unlock.ts";
import backups from "./backups.json" with { type: "json" };

const PASSWORD = "correct horse battery";
const ISSUER = "https://id.example.org";

/** Few rounds: the library's default is for attackers, and the wallet opens both counts that exist. */
const LEGACY_ROUNDS = 100_000;

test("a password opens a key in every Unicode form", async () => {
  const composed = "Gr\u00fc\u00dfe aus K\u00f6ln 42";
  const { encryptedBackup } = await createKey(composed.normalize("NFD").replaceAll(" ", "\u00a0"), "label");
  for (const typed of [composed, composed.normalize("NFD"), composed.replaceAll(" ", "\u3000")]) {
    assert.equal((await unlock(encryptedBackup, typed)).length, 1);
  }
  await assert.rejects(unlock(encryptedBackup, composed.toLowerCase()), UnlockError);
});

test("a backup by a program without Unicode preparation opens with the password as typed", async () => {
  const typed = "Gru\u0308\u00dfe aus Ko\u0308ln 42";
  const wif = PrivateKey.fromRandom().toWif();
  const blob = await encryptBackup({ wif }, typed, LEGACY_ROUNDS);
  assert.equal((await unlock(blob, typed)).length, 1);
});

test("a new key is a Type42 master key whose first identity is proven by its member key", async () => {
  const { identity, encryptedBackup } = await createKey(PASSWORD, "test");
  const backup = await decryptBackup(encryptedBackup, PASSWORD);
  assert.ok(isType42Backup(backup));
  const root = PrivateKey.fromWif(backup.rootPk);
  const member = root.deriveChild(root.toPublicKey(), "bap:0").toPublicKey().toString();
  assert.equal(identity.pubkey, member);
  assert.equal(identity.bapId, bapIdFromPubkey(member));
});

test("keys are unique", async () => {
  const [one, other] = await Promise.all([createKey(PASSWORD, ""), createKey(PASSWORD, "")]);
  assert.notEqual(one.identity.pubkey, other.identity.pubkey);
});

test("a backup restores the key it was made from", async () => {
  const { identity, encryptedBackup } = await createKey(PASSWORD, "test");
  const [opened, ...others] = await unlock(encryptedBackup, PASSWORD);
  assert.deepEqual({ ...opened }, { ...identity });
  assert.deepEqual(others, []);
});

test("passwords under 8 characters are refused", async () => {
  await assert.rejects(createKey("1234567", "test"));
});

for (const { id, type, password, blob } of backups.opened) {
  const holdsAccountKey = ["Type42", "Legacy", "Member", "WIF"].includes(type);
  test(`the ${type} backup ${id} ${holdsAccountKey ? "opens" : "holds no account key"}`, async () => {
    if (!holdsAccountKey) return assertRefused(blob, password, "no-account-key");
    const [identity] = await unlock(blob, password);
    assert.match(identity?.pubkey ?? "", /^0[23][0-9a-f]{64}$/);
    assert.match(identity?.bapId ?? "", /^[1-9A-HJ-NP-Za-km-z]{20,30}$/);
  });
}

for (const { id, password, blob, why } of backups.refused) {
  test(`the backup ${id} is refused: ${why}`, async () => {
    const problem = id === "unknown-structure" ? "damaged" : "wrong-password";
    await assertRefused(blob, password, problem);
  });
}

test("every identity of a master backup is found, with the key at its root path", async () => {
  const rootPk = PrivateKey.fromRandom().toWif();
  const bap = new BAP({ rootPk });
  const made = ["Work", "Home"].map((name) => bap.newId(name));
  made[1]?.incrementPath();
  const blob = await encryptBackup({ ids: bap.exportIds(), rootPk }, PASSWORD, LEGACY_ROUNDS);
  const found = await unlock(blob, PASSWORD);
  assert.deepEqual(
    found.map(({ name, bapId, pubkey }) => ({ name, bapId, pubkey })),
    made.map((id) => ({ name: id.idName, bapId: id.getIdentityKey(), pubkey: id.getMemberKey() })),
  );
});

test("an identity whose id cannot be computed from its key keeps the id of the backup", async () => {
  const rootPk = PrivateKey.fromRandom().toWif();
  const bap = new BAP({ rootPk });
  const exported = bap.newId("Newer").export();
  // bsv-bap 0.3 hashes another address than the member key's.
  const newer = { ...exported, identityKey: "39sYo2ZDYuLPE2WsQvnQCWKZHoeu", rootAddress: "1BoatSLRHtKNngkdXEeobR76b53LETtpyT" };
  const ids = bap.encrypt(JSON.stringify({ lastIdPath: "bap:0", ids: [newer] }));
  const [found] = await unlock(await encryptBackup({ ids, rootPk }, PASSWORD, LEGACY_ROUNDS), PASSWORD);
  assert.equal(found?.bapId, "39sYo2ZDYuLPE2WsQvnQCWKZHoeu");
});

for (const exporter of ["exportMemberForBackup", "MemberID.exportForBackup"]) {
  test(`a member backup by ${exporter} keeps its identity`, async () => {
    const bap = new BAP({ rootPk: PrivateKey.fromRandom().toWif() });
    const master = bap.newId("Member");
    const exported = bap.exportMemberForBackup(master.getIdentityKey());
    if (exporter === "MemberID.exportForBackup") {
      const { MemberID } = await import("bsv-bap");
      exported.id = new MemberID(PrivateKey.fromWif(exported.wif)).encrypt(JSON.stringify(master.exportMemberBackup()));
    }
    const [found] = await unlock(await encryptBackup(exported, PASSWORD, LEGACY_ROUNDS), PASSWORD);
    assert.equal(found?.bapId, master.getIdentityKey());
    assert.equal(found?.name, "Member");
  });
}

const WIF = "L11HHBQDp3HB4GB2z25yCm2mL63G19YFryBUPa3P82B8ZwDKGgTH";
const identity = new UnlockedIdentity(
  "4MbABHwjTwwfWWZFBqjWY5kMRLQR",
  "",
  WIF,
  memberSigningKey(PrivateKey.fromWif(WIF), 0),
);

test("a sign-in is signed over this server's address and the exact body", () => {
  const { path, body, headers } = signInRequest(ISSUER, identity);
  assert.equal(path, "/api/auth/sign-in/sigma");
  assert.equal(body, '{"bapId":"4MbABHwjTwwfWWZFBqjWY5kMRLQR"}');
  assertSigned(headers["X-Auth-Token"], `${ISSUER}/api/auth/sign-in/sigma`, body);
});

test("a sign-up carries a body-less sign-in token and a proof over the body", () => {
  const { path, body, headers } = signUpRequest(ISSUER, identity);
  assert.equal(path, "/api/auth/sign-up/sigma");
  assert.equal(body, '{"bapId":"4MbABHwjTwwfWWZFBqjWY5kMRLQR","intent":"sign-up"}');
  assertSigned(headers["X-Auth-Token"], `${ISSUER}/api/auth/sign-in/sigma`, undefined);
  assertSigned(headers["X-Sigma-Enrollment-Proof"], `${ISSUER}/api/auth/sign-up/sigma`, body);
});

test("printing or serializing an identity does not reveal its key", () => {
  assert.deepEqual(JSON.parse(JSON.stringify(identity)), {
    bapId: "4MbABHwjTwwfWWZFBqjWY5kMRLQR",
    name: "",
    pubkey: "02146581a9f91855259d1e3f0b60865a04581357bdd134706e966900d5ab03ca14",
  });
});

function assertSigned(token: string | undefined, requestPath: string, body: string | undefined): void {
  const parsed = parseAuthToken(token ?? "");
  assert.ok(parsed);
  assert.equal(parsed.scheme, "brc77");
  assert.equal(parsed.pubkey, identity.pubkey);
  assert.ok(Math.abs(Date.now() - Date.parse(parsed.timestamp)) < 60_000);
  const target = { requestPath, timestamp: parsed.timestamp };
  assert.ok(verifyAuthToken(token ?? "", body === undefined ? target : { ...target, body }));
  assert.ok(!verifyAuthToken(token ?? "", { ...target, body: `${body ?? ""} ` }));
}

async function assertRefused(blob: string, password: string, problem: string): Promise<void> {
  await assert.rejects(unlock(blob, password), (error) => error instanceof UnlockError && error.problem === problem);
}
