import assert from "node:assert/strict";
import { test } from "node:test";
import catalogue from "../../crates/platform/locales/en/scripts.ftl";
import { type Outcome, send } from "../pages/send.ts";
import { useTexts } from "../pages/texts.ts";
import { duration, wordsForOutcome } from "../pages/words.ts";
import { backupFileName, readBackupText } from "../wallet/backup.ts";
import { type KeyStorage, forgetKey, storeKey, storedKey } from "../wallet/storage.ts";
import { strengthOf } from "../wallet/strength.ts";

const NOW = Date.parse("2026-11-22T06:00:00Z");
const REQUEST = { path: "/api/auth/sign-in/sigma", body: "{}", headers: { "X-Auth-Token": "token" } };

/** The English texts, as a page carries them. */
const messages = [...catalogue.matchAll(/^script-([a-z-]+) = (.+)$/gm)];
useTexts(Object.fromEntries(messages.map(([, key, text]) => [key, (text ?? "").replaceAll(/\{ \$(\w+) \}/g, "{$1}")])));

/** The page's outcome for a response. */
function outcomeOf(status: number, body: string, headers: Record<string, string> = {}): Promise<Outcome> {
  return send(REQUEST, () => Promise.resolve(new Response(body, { status, headers })), () => NOW);
}

test("a request is sent as signed, to this origin, with the cookie, without following redirects", async () => {
  const seen: unknown[] = [];
  await send(REQUEST, (...call) => {
    seen.push(call);
    return Promise.resolve(new Response("{}"));
  });
  assert.deepEqual(seen, [
    [
      "/api/auth/sign-in/sigma",
      {
        method: "POST",
        headers: { "X-Auth-Token": "token", "Content-Type": "application/json", Accept: "application/json" },
        body: "{}",
        credentials: "same-origin",
        cache: "no-store",
        redirect: "error",
      },
    ],
  ]);
});

const answers: [string, number, string, Record<string, string>, Outcome][] = [
  ["a success", 200, '{"token":"t","user":{"id":"u","name":"Ada"}}', {}, { kind: "signed-in", name: "Ada" }],
  ["a success without a body", 200, "", {}, { kind: "signed-in", name: undefined }],
  ["an unknown key", 403, '{"message":"Account not found.","code":"USER_NOT_FOUND"}', {}, { kind: "no-account" }],
  ["an unknown key that names its identity", 403, '{"code":"RESTORE_PROFILE_NOT_FOUND"}', {}, { kind: "no-account" }],
  ["a limit in seconds", 429, "{}", { "Retry-After": "30" }, { kind: "limited", seconds: 30 }],
  ["a limit as a date", 429, "{}", { "Retry-After": "Sun, 22 Nov 2026 06:02:00 GMT" }, { kind: "limited", seconds: 120 }],
  ["a limit without a time", 429, "", {}, { kind: "limited", seconds: 30 }],
  ["a busy server", 503, "", { "Retry-After": "2" }, { kind: "unavailable", seconds: 2 }],
  ["a proxy's page", 502, "<html>", {}, { kind: "unavailable", seconds: 30 }],
  [
    "a clock that is an hour fast",
    401,
    '{"message":"Invalid auth token signature"}',
    { Date: "Sun, 22 Nov 2026 05:00:00 GMT" },
    { kind: "clock", minutesAhead: 60 },
  ],
  [
    "a refusal while the clocks agree",
    401,
    '{"message":"Invalid auth token signature"}',
    { Date: "Sun, 22 Nov 2026 05:59:00 GMT" },
    { kind: "refused", code: undefined, message: "Invalid auth token signature" },
  ],
  [
    "somebody else's identity",
    403,
    '{"code":"BAP_OWNERSHIP_FAILED"}',
    {},
    { kind: "refused", code: "BAP_OWNERSHIP_FAILED", message: undefined },
  ],
];
for (const [name, status, body, headers, outcome] of answers) {
  test(`${name} is understood`, async () => assert.deepEqual(await outcomeOf(status, body, headers), outcome));
}

test("a network failure is distinguished from a refusal", async () => {
  assert.deepEqual(await send(REQUEST, () => Promise.reject(new TypeError("fetch failed"))), { kind: "offline" });
});

test("delays are shown in words", () => {
  assert.deepEqual([1, 30, 89, 90, 600].map(duration), ["1 second", "30 seconds", "89 seconds", "2 minutes", "10 minutes"]);
  assert.match(wordsForOutcome({ kind: "limited", seconds: 30 }), /try again in 30 seconds/);
  assert.match(wordsForOutcome({ kind: "clock", minutesAhead: -7 }), /7 minutes slow/);
});

test("password strength is estimated by guessing cost", () => {
  assert.equal(strengthOf(""), "none");
  assert.equal(strengthOf("Tr0ub4d"), "too-short");
  for (const weak of ["password", "12345678", "aaaaaaaaaaaa", "Password1", "abcdefghijkl"]) {
    assert.equal(strengthOf(weak), "weak", weak);
  }
  assert.equal(strengthOf("correcthorse"), "fair");
  assert.equal(strengthOf("correct horse battery staple"), "strong");
});

test("a backup is recognized in wrapped text", () => {
  const backup = Buffer.alloc(120, 7).toString("base64");
  assert.equal(readBackupText(`\uFEFF${backup.slice(0, 64)}\r\n ${backup.slice(64)}\n`), backup);
});

test("text that cannot be a backup is rejected", () => {
  const short = Buffer.alloc(43).toString("base64");
  for (const text of ["", "hello", "KwhRbyWbuWi1peXhBg4L4koxhwEurHHFfZq1FakNXCzTTGHpQYnx", '{"ciphertext":"…"}', short, "A".repeat(400_000)]) {
    assert.equal(readBackupText(text), undefined, text.slice(0, 40));
  }
});

test("a backup file is named after its identity and day", () => {
  assert.equal(backupFileName("4MbABHwjTwwfWWZFBqjWY5kMRLQR", new Date(NOW)), "sigma-4MbABHwj-2026-11-22.bep");
});

test("the device keeps the encrypted backup and a hint, and forgets both", () => {
  const items = new Map<string, string>();
  const storage: KeyStorage = {
    getItem: (name) => items.get(name) ?? null,
    setItem: (name, value) => void items.set(name, value),
    removeItem: (name) => void items.delete(name),
  };
  assert.equal(storedKey(storage), undefined);
  assert.ok(storeKey("blob", { name: "Ada", bapId: "id" }, storage));
  assert.deepEqual(Object.fromEntries(items), { encryptedBackup: "blob", sigmaKeyHint: '{"name":"Ada","bapId":"id"}' });
  assert.deepEqual(storedKey(storage), { encryptedBackup: "blob", hint: { name: "Ada", bapId: "id" } });
  items.set("sigmaKeyHint", "broken");
  assert.deepEqual(storedKey(storage), { encryptedBackup: "blob", hint: undefined });
  forgetKey(storage);
  assert.equal(items.size, 0);
});

test("a browser without storage counts as a device without a key", () => {
  const deny = () => {
    throw new Error("denied");
  };
  const storage: KeyStorage = { getItem: deny, setItem: deny, removeItem: deny };
  assert.equal(storedKey(storage), undefined);
  assert.equal(storeKey("blob", { name: "", bapId: "" }, storage), false);
  forgetKey(storage);
});
