import assert from "node:assert/strict";
import { test } from "node:test";
import { BSM, BigNumber, Hash, PrivateKey, Signature, Utils } from "@bsv/sdk";
import { parseAuthToken, verifyAuthToken } from "bitcoin-auth";
import { encryptBackup } from "bitcoin-backup";
import { BAP, MemberID, bapIdFromAddress } from "bsv-bap";
import { Allowance } from "../signer/allowance.ts";
import { isPermitted, permissions, permit, takeBack } from "../signer/permissions.ts";
import { perform } from "../signer/perform.ts";
import { read, refuse, reply, show } from "../signer/protocol.ts";
import { isReserved } from "../signer/reserved.ts";
import { child, masterSigningKey, memberSigningKey } from "../wallet/derivation.ts";
import { UnlockedIdentity } from "../wallet/sign.ts";
import { unlock } from "../wallet/unlock.ts";

const RESERVED = [
  "/api/auth/",
  "/api/backup",
  "/api/bap",
  "/api/oauth",
  "/api/profile",
  "/api/subscription",
  "/api/user",
  "/api/wallet",
  "/oauth2/",
  "/sigma/",
  "/token",
  "/wallet",
];
const ISSUER = "https://id.example.org";
const BAP_ID = "4MbABHwjTwwfWWZFBqjWY5kMRLQR";
const FRIEND = "39sYo2ZDYuLPE2WsQvnQCWKZHoeu";

const member = (seed: string) => PrivateKey.fromString(Utils.toHex(Hash.sha256(seed, "utf8")), 16);
const identityOf = (key: PrivateKey, bapId = BAP_ID) => new UnlockedIdentity(bapId, "", key.toWif(), memberSigningKey(key, 0));
const ada = member("ada");
const identity = identityOf(ada);

test("a reserved path is refused in every spelling", () => {
  const paths = [
    "/api/auth/sign-in/sigma",
    "/api/auth/oauth2/token",
    "/api/auth",
    "/sigma/authorize",
    "/api/backup",
    "/api/backup/sync",
    "/api/wallet/connect",
    "/wallet/connect",
    "/api/user/bap-ids",
    "/api/profile",
    "/api/oauth-clients",
    "/api/subscription/status",
    "/oauth2/authorize",
    "/token",
  ];
  const spellings: ((path: string) => string)[] = [
    (path) => path,
    (path) => ISSUER + path,
    (path) => `http://localhost:8080${path}`,
    (path) => `https://other.example${path}`,
    (path) => `//id.example.org${path}`,
    (path) => `https:${path}`,
    (path) => `https:/id.example.org${path}`,
    (path) => `https:///id.example.org${path}`,
    (path) => `HTTPS://user:secret@ID.example.org:443${path}`,
    (path) => `https:\\\\id.example.org${path.replaceAll("/", "\\")}`,
    (path) => path.replaceAll("/", "\\"),
    (path) => path.slice(1),
    (path) => path.toUpperCase(),
    (path) => path.replaceAll("/", "//"),
    (path) => `/${path}`,
    (path) => `/.${path}`,
    (path) => `/x/..${path}`,
    (path) => `/x/y/../..${path}`,
    (path) => path.replace(/^\/(.)/, "/./$1"),
    (path) => path.replace(/^\/(.)/, (_, first: string) => `/%${first.charCodeAt(0).toString(16)}`),
    (path) => path.replace(/^\/(.)/, (_, first: string) => `/%25${first.charCodeAt(0).toString(16)}`),
    (path) => path.replaceAll("/", "%2f"),
    (path) => path.replaceAll("/", "%2F"),
    (path) => path.replaceAll("/", "%5c"),
    (path) => path.replaceAll("/", "%252f"),
    (path) => `/x/%2e%2e${path}`,
    (path) => `/x/.%2E${path}`,
    (path) => encodeURIComponent(ISSUER + path),
    (path) => encodeURIComponent(encodeURIComponent(path)),
    (path) => `${path}?x=1`,
    (path) => `${path}#x`,
    (path) => `${path}/`,
    (path) => `${path};x=1`,
    (path) => path.replace(/^(\/[^/]+)/, "$1;x=1"),
    (path) => `${path}%00`,
    (path) => `${path}%20`,
    (path) => path.replace(/^\/(.)/, "/\u200b$1"),
    (path) => path.replace(/a/, "\uff41"),
    (path) => `${path}/../../../..${path}`,
  ];
  for (const path of paths) {
    for (const spell of spellings) assert.ok(isReserved(spell(path), RESERVED), spell(path));
  }
  assert.ok(isReserved(`/%${"25".repeat(9)}2fapi`, RESERVED), "deeper nesting than anybody decodes");
});

test("an app's own paths are not reserved", () => {
  for (const path of [
    "/api/droplets",
    "/api/v1/notes?user=/api/user",
    "/faucet/my/status",
    "https://app.example/api/posts",
    "/authorize",
    "/apis/auth/x",
    "/x/api/auth/y",
    "/100%",
    "/%zz",
    "/",
  ]) {
    assert.equal(isReserved(path, RESERVED), false, path);
  }
});

test("messages of a wrong shape or size have no effect", () => {
  const ignored: unknown[] = [
    undefined,
    null,
    0,
    "SIGN_REQUEST",
    [],
    {},
    { type: 1 },
    { type: "SIGN_REQUEST" },
    { type: "SIGN_REQUEST", payload: null },
    { type: "SIGN_REQUEST", payload: { requestPath: "/x" } },
    { type: "SIGN_REQUEST", payload: { requestId: "", requestPath: "/x" } },
    { type: "SIGN_REQUEST", payload: { requestId: "x".repeat(129), requestPath: "/x" } },
    { type: "constructor", payload: { requestId: "1" } },
    { type: "__proto__", payload: { requestId: "1" } },
    { type: "SET_IDENTITY", payload: { bapId: 1 } },
    { type: "SET_IDENTITY", payload: { bapId: "<b>" } },
    { type: "CWI", id: "1", call: "signAIP" },
    { type: "CWI", isInvocation: false, id: "1", result: "x" },
    { type: "CWI", isInvocation: true, id: 1, call: "signAIP" },
    { type: "WALLET_LOCKED", payload: { requestId: "1" } },
  ];
  for (const message of ignored) assert.equal(read(message), undefined, JSON.stringify(message));
  const sign = (payload: object) => ({ type: "SIGN_REQUEST", payload: { requestId: "1", ...payload } });
  const call = (name: string, args: unknown) => ({ type: "CWI", isInvocation: true, id: "1", call: name, args });
  const friends = { protocolID: [2, "sigma-encrypt"], keyID: FRIEND };
  const refused = [
    sign({}),
    sign({ requestPath: "" }),
    sign({ requestPath: `/${"x".repeat(2048)}` }),
    sign({ requestPath: "/a|b" }),
    sign({ requestPath: "/a\nb" }),
    sign({ requestPath: "/a\u202eb" }),
    sign({ requestPath: "/x", signatureType: "ecdsa" }),
    sign({ requestPath: "/x", body: {} }),
    sign({ requestPath: "/x", body: "x".repeat(256 * 1024 + 1) }),
    sign({ requestPath: "/x", bodyEncoding: "utf16" }),
    { type: "SIGN_AIP_REQUEST", payload: { requestId: "1", hexArray: "6a" } },
    { type: "SIGN_AIP_REQUEST", payload: { requestId: "1", hexArray: [] } },
    { type: "SIGN_AIP_REQUEST", payload: { requestId: "1", hexArray: ["6"] } },
    { type: "SIGN_AIP_REQUEST", payload: { requestId: "1", hexArray: ["zz"] } },
    { type: "SIGN_AIP_REQUEST", payload: { requestId: "1", hexArray: Array(1001).fill("00") } },
    { type: "SIGN_AIP_REQUEST", payload: { requestId: "1", hexArray: Array(3).fill("00".repeat(100_000)) } },
    { type: "ENCRYPT_REQUEST", payload: { requestId: "1", data: "x" } },
    { type: "ENCRYPT_REQUEST", payload: { requestId: "1", data: "", friendBapId: FRIEND } },
    { type: "ENCRYPT_REQUEST", payload: { requestId: "1", data: "x", friendBapId: FRIEND, counterPartyPublicKey: "04" } },
    { type: "DECRYPT_REQUEST", payload: { requestId: "1", ciphertext: "no base64!", friendBapId: FRIEND } },
    { type: "GET_FRIEND_PUBKEY_REQUEST", payload: { requestId: "1", friendBapId: "0" } },
    call("signAuthToken", undefined),
    call("signAuthToken", { requestPath: 1 }),
    call("encrypt", { plaintext: [1] }),
    call("encrypt", { ...friends, plaintext: [256] }),
    call("encrypt", { ...friends, plaintext: new Uint8Array(256 * 1024 + 1) }),
    call("encrypt", { ...friends, plaintext: [1], counterparty: "anyone" }),
    call("encrypt", { protocolID: [2, "other"], keyID: FRIEND, plaintext: [1] }),
    call("getPublicKey", { identityKey: true }),
    call("getPublicKey", { protocolID: [1, "sigma-encrypt"], keyID: FRIEND }),
  ];
  for (const message of refused) {
    const incoming = read(message);
    assert.equal(incoming?.what === "bad" && incoming.refusal, "bad-request", JSON.stringify(message).slice(0, 200));
  }
  const unknown = read(call("createAction", {}));
  assert.equal(unknown?.what === "bad" && unknown.refusal, "unknown-call");
  const inherited = read(call("toString", {}));
  assert.equal(inherited?.what === "bad" && inherited.refusal, "unknown-call");
});

test("the wallet's key is given to no origin", () => {
  const incoming = read({ type: "GET_WALLET_KEY_REQUEST", payload: { requestId: "1" } });
  assert.ok(incoming?.what === "bad");
  assert.deepEqual(refuse(incoming.to, incoming.refusal), {
    type: "GET_WALLET_KEY_RESPONSE",
    payload: { requestId: "1", error: "Denied by the user" },
  });
});

/** A request and its reply, in one of the two protocols. */
function answer(message: unknown, by = identity): any {
  const incoming = read(message);
  assert.ok(incoming?.what === "ask", JSON.stringify(message));
  return reply(incoming.to, perform(by, incoming.ask));
}

for (const scheme of ["bsm", "brc77"]) {
  for (const body of [undefined, '{"a":"ü"}']) {
    test(`a token by ${scheme} ${body ? "over a body" : "without a body"} verifies, in both protocols`, () => {
      const request = { requestPath: "/api/notes", signatureType: scheme, ...(body && { body, bodyEncoding: "utf8" }) };
      const plugin = answer({ type: "SIGN_REQUEST", payload: { requestId: "1", ...request } });
      assert.equal(plugin.type, "SIGN_RESPONSE");
      const call = answer({ type: "CWI", isInvocation: true, id: "2", call: "signAuthToken", args: request });
      assert.deepEqual([call.type, call.isInvocation, call.id], ["CWI", false, "2"]);
      for (const token of [plugin.payload.authToken, call.result]) {
        const parsed = parseAuthToken(token);
        assert.equal(parsed?.scheme, scheme);
        assert.equal(parsed?.pubkey, ada.toPublicKey().toString());
        const target = { requestPath: "/api/notes", timestamp: new Date().toISOString(), ...(body && { body }) };
        assert.ok(verifyAuthToken(token, target));
      }
      assert.equal(plugin.payload.signingPubkey, ada.toPublicKey().toString());
    });
  }
}

const AIP = "15PciHG22SNLQJXMoSUaWVi7WSqc7hCfva";

/** Verifies an AIP signature as others do: OP_RETURN and the pushes before the bar, by the address that is named. */
function assertSigned(hex: string[], signed: string[]): string {
  const own = hex.slice(-5).map((push) => Utils.toArray(push, "hex"));
  assert.deepEqual(own.slice(0, 3).map((push) => Utils.toUTF8(push)), ["|", AIP, "BITCOIN_ECDSA"]);
  const address = Utils.toUTF8(own[3] ?? []);
  const message = Utils.toArray(`6a${signed.join("")}`, "hex");
  const compact = own[4] ?? [];
  assert.equal(compact.length, 65);
  const signature = Signature.fromCompact(compact);
  const recovered = signature.RecoverPublicKey((compact[0] ?? 0) - 31, new BigNumber(BSM.magicHash(message)));
  assert.equal(recovered.toAddress(), address);
  assert.ok(BSM.verify(message, signature, recovered));
  return address;
}

test("data is always signed after OP_RETURN, and never by the key that signs in", () => {
  const push = (text: string) => Utils.toHex(Utils.toArray(text, "utf8"));
  const cases: [string[], string[]][] = [
    [[push("hello"), push("world")], [push("hello"), push("world")]],
    [["6a", push("hello")], [push("hello")]],
    [["00", "6a", push("hello")], [push("hello")]],
    [[`6a${push("hello")}`], [`6a${push("hello")}`]],
    [[push("hello"), "6a", push("world")], [push("hello"), "6a", push("world")]],
    [[push("/api/auth/sign-in/sigma|2026-01-01T00:00:00.000Z|")], [push("/api/auth/sign-in/sigma|2026-01-01T00:00:00.000Z|")]],
  ];
  const signIn = ada.toPublicKey().toAddress();
  for (const [hexArray, signed] of cases) {
    const plugin = answer({ type: "SIGN_AIP_REQUEST", payload: { requestId: "1", hexArray } });
    const call = answer({ type: "CWI", isInvocation: true, id: "1", call: "signAIP", args: { hexArray } });
    assert.deepEqual(call.result, plugin.payload.signedOps);
    assert.deepEqual(call.result.slice(0, hexArray.length), hexArray);
    assert.notEqual(assertSigned(call.result, signed), signIn);
  }
});

test("data is signed as bsv-bap signs it", () => {
  const theirs = new MemberID(ada).signOpReturnWithAIP([Utils.toArray("hello", "utf8")]).map((push) => Utils.toHex(push));
  const ours = answer({ type: "SIGN_AIP_REQUEST", payload: { requestId: "1", hexArray: ["6a", theirs[1]] } });
  assert.deepEqual(ours.payload.signedOps, theirs);
});

test("two identities exchange encrypted messages in both protocols, as bsv-bap does", () => {
  const bob = identityOf(member("bob"), FRIEND);
  const ask = (type: string, payload: object, by = identity) => answer({ type, payload: { requestId: "1", ...payload } }, by).payload;
  const call = (name: string, args: object, by = identity) =>
    answer({ type: "CWI", isInvocation: true, id: "1", call: name, args: { protocolID: [2, "sigma-encrypt"], ...args } }, by).result;
  const adaKey = ask("GET_FRIEND_PUBKEY_REQUEST", { friendBapId: FRIEND }).publicKey;
  const bobKey = call("getPublicKey", { keyID: BAP_ID }, bob).publicKey;
  assert.equal(adaKey, new MemberID(ada).getEncryptionPublicKeyWithSeed(FRIEND));
  assert.equal(adaKey, call("getPublicKey", { keyID: FRIEND }).publicKey);

  const { encrypted } = ask("ENCRYPT_REQUEST", { data: "Grüße", friendBapId: FRIEND, counterPartyPublicKey: bobKey });
  assert.equal(encrypted, new MemberID(ada).encryptWithSeed("Grüße", FRIEND, bobKey));
  const to = { ciphertext: encrypted, friendBapId: BAP_ID, counterPartyPublicKey: adaKey };
  assert.equal(ask("DECRYPT_REQUEST", to, bob).decrypted, "Grüße");
  assert.throws(() => ask("DECRYPT_REQUEST", to, identityOf(member("eve"))));

  const plaintext = [...new TextEncoder().encode("Grüße")];
  const { ciphertext } = call("encrypt", { keyID: FRIEND, counterparty: bobKey, plaintext: new Uint8Array(plaintext) });
  const opened = call("decrypt", { keyID: BAP_ID, counterparty: adaKey, ciphertext: new Uint8Array(ciphertext) }, bob);
  assert.deepEqual(opened, { plaintext });
  const own = call("encrypt", { keyID: FRIEND, counterparty: "self", plaintext });
  assert.deepEqual(call("decrypt", { keyID: FRIEND, ciphertext: own.ciphertext }), { plaintext });
  assert.throws(() => call("encrypt", { keyID: FRIEND, counterparty: `02${"ff".repeat(32)}`, plaintext }));
});

test("each identity of a backup signs data with its own current key", async () => {
  const bap = new BAP({ rootPk: ada.toWif() });
  const masters = [bap.newId("One"), bap.newId("Rotated")];
  masters[1]?.incrementPath();
  const master = await encryptBackup({ ids: bap.exportIds(), rootPk: ada.toWif() }, "password", 100_000);
  const signers = (await unlock(master, "password")).map((each) => Utils.toUTF8(each.signData([[1]])[4] ?? []));
  assert.deepEqual(signers, masters.map((each) => each.getCurrentAddress()));
  assert.notEqual(signers[0], signers[1]);
  const rotated = new MemberID(ada, {}, 2);
  rotated.identityKey = BAP_ID;
  const [found] = await unlock(await encryptBackup(rotated.exportForBackup(), "password", 100_000), "password");
  assert.equal(Utils.toUTF8(found?.signData([[1]])[4] ?? []), rotated.getSigningKey().toPublicKey().toAddress());
});

test("an identity named by its signing key signs data with that key", () => {
  const named = child(ada, "1-sigma-identity-0");
  const bapId = bapIdFromAddress(named.toPublicKey().toAddress());
  assert.equal(masterSigningKey(bapId, ada, ada).toWif(), named.toWif());
  assert.notEqual(masterSigningKey(BAP_ID, ada, ada).toWif(), named.toWif());
  assert.notEqual(masterSigningKey(bapId, ada, member("rotated")).toWif(), named.toWif());
});

test("errors and states have the form of each protocol", () => {
  const plugin = { dialect: { name: "plugin", response: "SIGN_RESPONSE" }, id: "1" } as const;
  const cwi = { dialect: { name: "cwi" }, id: "1" } as const;
  assert.deepEqual(refuse(plugin, "denied"), { type: "SIGN_RESPONSE", payload: { requestId: "1", error: "Denied by the user" } });
  const codes = { "unknown-call": 2, reserved: 6, "bad-request": 6, denied: 1, "timed-out": 1 } as const;
  for (const [refusal, code] of Object.entries(codes)) {
    const sent = refuse(cwi, refusal as keyof typeof codes) as Record<string, unknown>;
    assert.deepEqual([sent["type"], sent["isInvocation"], sent["status"], sent["code"]], ["CWI", false, "error", code]);
  }
  assert.deepEqual(show("plugin", "password"), { type: "WALLET_LOCKED" });
  assert.deepEqual(show("plugin", "hidden"), { type: "WALLET_UNLOCKED" });
  assert.deepEqual(show("cwi", "hidden"), { type: "CWI", cwiState: { status: "ready", hasPermission: false } });
});

test("a permission is for one origin, identity and kind, and can be taken back", () => {
  const stored = new Map<string, string>();
  const storage = {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => void stored.set(key, value),
    removeItem: (key: string) => void stored.delete(key),
  };
  const given = { origin: "https://app.example", bapId: BAP_ID, kind: "sign" } as const;
  assert.equal(isPermitted(storage, given), false);
  permit(storage, given);
  permit(storage, given);
  assert.deepEqual(permissions(storage), [given]);
  assert.ok(isPermitted(storage, given));
  assert.equal(isPermitted(storage, { ...given, origin: "https://app.example:8443" }), false);
  assert.equal(isPermitted(storage, { ...given, bapId: FRIEND }), false);
  assert.equal(isPermitted(storage, { ...given, kind: "data" }), false);
  takeBack(storage, given);
  assert.equal(isPermitted(storage, given), false);
  for (let n = 0; n < 250; n += 1) permit(storage, { ...given, origin: `https://app${n}.example` });
  assert.equal(permissions(storage).length, 200);
  for (const nonsense of ["", "{}", "null", "[1,null,{}]", '[{"origin":"https://x","bapId":"x","kind":"everything"}]']) {
    stored.set("sigmaSignerPermissions", nonsense);
    assert.deepEqual(permissions(storage), [], nonsense);
  }
});

test("a flood of messages is bounded", () => {
  const allowance = new Allowance(100, 10, 0);
  const taken = (now: number) => Array.from({ length: 1000 }, () => allowance.take(now)).filter(Boolean).length;
  assert.deepEqual([taken(0), taken(0), taken(1000), taken(2500), taken(1_000_000)], [100, 0, 10, 15, 100]);
});
