import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { fetchCopy, hashOf, knownCopy, refreshCopy, rememberCopy, storeCopy } from "../wallet/server-copy.ts";
import { type KeyStorage, forgetKey } from "../wallet/storage.ts";

const OLD = "b2xk".repeat(20);
const NEW = "bmV3".repeat(20);
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

function newStorage(): KeyStorage {
  const items = new Map<string, string>();
  return {
    getItem: (name) => items.get(name) ?? null,
    setItem: (name, value) => void items.set(name, value),
    removeItem: (name) => void items.delete(name),
  };
}

/** A server whose current backup has `hash`; records what it is sent. */
function server(hash: string | undefined, status = 200): { fetcher: typeof fetch; calls: string[]; bodies: unknown[] } {
  const calls: string[] = [];
  const bodies: unknown[] = [];
  const fetcher: typeof fetch = (url, init) => {
    calls.push(`${init?.method ?? "GET"} ${String(url)}`);
    if (typeof init?.body === "string") bodies.push(JSON.parse(init.body));
    const known = hash === undefined ? { hasCloudBackup: false } : { hasCloudBackup: true, cloudBackupHash: hash };
    return Promise.resolve(new Response(JSON.stringify(known), { status }));
  };
  return { fetcher, calls, bodies };
}

test("the hash of a backup is the SHA-256 of its text", async () => {
  assert.equal(await hashOf(OLD), sha256(OLD));
});

test("a stored copy is remembered with its hash", async () => {
  const storage = newStorage();
  const { fetcher, calls, bodies } = server(undefined);
  assert.equal(await storeCopy("id", OLD, fetcher, storage), true);
  assert.deepEqual(calls, ["POST /api/backup"]);
  assert.deepEqual(bodies, [{ encryptedBackup: OLD, bapId: "id" }]);
  assert.deepEqual(knownCopy(storage), { bapId: "id", hash: sha256(OLD) });
});

test("a copy that was not stored is not remembered", async () => {
  const storage = newStorage();
  assert.equal(await storeCopy("id", OLD, server(undefined, 503).fetcher, storage), false);
  assert.equal(await storeCopy("id", OLD, () => Promise.reject(new TypeError("offline")), storage), false);
  assert.equal(knownCopy(storage), undefined);
});

test("nothing is sent without a copy that the person agreed to, of another identity, or without a change", async () => {
  const storage = newStorage();
  const { fetcher, calls } = server(sha256(OLD));
  await refreshCopy("id", NEW, fetcher, storage);
  rememberCopy({ bapId: "id", hash: sha256(OLD) }, storage);
  await refreshCopy("other", NEW, fetcher, storage);
  await refreshCopy("id", OLD, fetcher, storage);
  assert.deepEqual(calls, []);
});

test("a backup that changed here is stored again", async () => {
  const storage = newStorage();
  rememberCopy({ bapId: "id", hash: sha256(OLD) }, storage);
  const { fetcher, calls } = server(sha256(OLD));
  await refreshCopy("id", NEW, fetcher, storage);
  assert.deepEqual(calls, ["GET /api/backup/status?bapId=id", "POST /api/backup"]);
  assert.equal(knownCopy(storage)?.hash, sha256(NEW));
});

test("a copy that was removed, or replaced elsewhere, is left alone", async () => {
  for (const hash of [undefined, sha256("replaced")]) {
    const storage = newStorage();
    rememberCopy({ bapId: "id", hash: sha256(OLD) }, storage);
    const { fetcher, calls } = server(hash);
    await refreshCopy("id", NEW, fetcher, storage);
    assert.deepEqual(calls, ["GET /api/backup/status?bapId=id"]);
    assert.equal(knownCopy(storage)?.hash, sha256(OLD));
  }
});

test("a copy that is up to date already is only remembered", async () => {
  const storage = newStorage();
  rememberCopy({ bapId: "id", hash: sha256(OLD) }, storage);
  const { fetcher, calls } = server(sha256(NEW));
  await refreshCopy("id", NEW, fetcher, storage);
  assert.equal(calls.length, 1);
  assert.equal(knownCopy(storage)?.hash, sha256(NEW));
});

test("a refresh never fails the sign-in", async () => {
  const storage = newStorage();
  rememberCopy({ bapId: "id", hash: sha256(OLD) }, storage);
  await refreshCopy("id", NEW, () => Promise.reject(new TypeError("offline")), storage);
  await refreshCopy("id", NEW, () => Promise.resolve(new Response("<html>", { status: 502 })), storage);
  assert.equal(knownCopy(storage)?.hash, sha256(OLD));
});

test("a fetched backup is told apart from every refusal", async () => {
  const answer = (status: number, body: string) => fetchCopy({ bapId: "id" }, () => Promise.resolve(new Response(body, { status })));
  assert.deepEqual(await answer(200, `{"encryptedBackup":"${OLD}","bapId":"id"}`), { encryptedBackup: OLD, bapId: "id" });
  for (const [status, problem] of [[401, "not-entitled"], [403, "not-entitled"], [404, "none"], [429, "limited"], [503, "unavailable"]] as const) {
    assert.equal(await answer(status, "{}"), problem);
  }
  assert.equal(await answer(200, "<html>"), "unavailable");
  assert.equal(await fetchCopy({ oauthId: "github|1" }, () => Promise.reject(new TypeError("offline"))), "unavailable");
});

test("an account at a provider is named in the query", async () => {
  const { fetcher, calls } = server(undefined);
  await fetchCopy({ oauthId: "github|12 3" }, fetcher);
  assert.deepEqual(calls, ["GET /api/backup?oauthId=github%7C12+3"]);
});

test("forgetting the key forgets the copy", () => {
  const storage = newStorage();
  rememberCopy({ bapId: "id", hash: "h" }, storage);
  forgetKey(storage);
  assert.equal(knownCopy(storage), undefined);
});
