//! An API behind nginx whose callers send access tokens, as the guide configures it: Bearer, and bound to a key by DPoP (RFC 9449).

import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { startSigma } from "../support/sigma.mjs";
import { send, startApi } from "./http.mjs";
import { startProxy } from "./proxies.mjs";

const RESOURCE = "https://notes.example.org";
const HOST = "notes.example.org";

let sigma;
let api;
let proxy;

before(async () => {
  sigma = await startSigma();
  api = await startApi();
  proxy = await startProxy("nginx for tokens", { sigma: new URL(sigma.issuer).host, api: api.address });
  const scopes = ["--scope", "notes:read=Read notes", "--scope", "notes:write=Change notes"];
  await sigma.admin("resource", "add", RESOURCE, "--name", "Notes", ...scopes);
});
after(async () => {
  await proxy?.stop();
  await api?.stop();
  await sigma?.stop();
});

/** An app's own token for the API, Bearer or, with a key, bound to it. */
async function token(scope, key) {
  const app = await sigma.admin("app", "add", "--name", "Job", "--grant-type", "client_credentials", "--resource", RESOURCE);
  const url = `${sigma.issuer}/api/auth/oauth2/token`;
  const basic = Buffer.from(`${app.client_id}:${app.client_secret}`).toString("base64");
  const ask = async (nonce) => {
    const headers = { authorization: `Basic ${basic}` };
    if (key) headers.dpop = await proof(key, "POST", url, { nonce });
    const body = new URLSearchParams({ grant_type: "client_credentials", scope, resource: RESOURCE });
    return fetch(url, { method: "POST", headers, body });
  };
  let response = await ask();
  if (response.status === 400) response = await ask(response.headers.get("dpop-nonce"));
  const answer = await response.json();
  assert.equal(response.status, 200, JSON.stringify(answer));
  return { app: app.client_id, token: answer.access_token, type: answer.token_type };
}

const base64url = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

async function newKey() {
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  return { ...pair, jwk: { kty, crv, x, y } };
}

/** A proof of `key` for one request. */
async function proof(key, htm, htu, claims = {}) {
  const all = { jti: randomUUID(), htm, htu, iat: Math.floor(Date.now() / 1_000), ...claims };
  const signed = `${base64url({ typ: "dpop+jwt", alg: "ES256", jwk: key.jwk })}.${base64url(all)}`;
  const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key.privateKey, Buffer.from(signed));
  return `${signed}.${Buffer.from(signature).toString("base64url")}`;
}

/** A call by a bound token. nginx listens without TLS here, so the call is one by http. */
async function bound(key, { token }, { method = "GET", path = "/notes", claims = {}, more = [] } = {}) {
  const ath = createHash("sha256").update(token).digest("base64url");
  const sent = await proof(key, claims.htm ?? method, `http://${HOST}${path.split("?")[0]}`, { ath, ...claims });
  const headers = [["Host", HOST], ["Authorization", `DPoP ${token}`], ["DPoP", sent], ...more];
  const answer = await send(proxy.port, { method, path, headers, body: method === "GET" ? undefined : "note" });
  return { ...answer, sent };
}

const lies = [
  ["X-Sigma-User-Id", "user_of_somebody_else"],
  ["x-sigma-client-id", "another"],
  ["X-SIGMA-SCOPE", "notes:write"],
  ["X_Sigma_Scope", "notes:write"],
];

test("a Bearer token reaches the API as headers, and only for what its scopes allow", async () => {
  const own = await token("notes:read");
  const headers = [["Host", HOST], ["Authorization", `Bearer ${own.token}`], ...lies];
  const answer = await send(proxy.port, { path: "/notes?of=1", headers });
  assert.equal(answer.status, 200, answer.body);
  const seen = Object.fromEntries(Object.entries(answer.json.headers).filter(([name]) => /sigma/i.test(name)));
  assert.deepEqual(seen, { "x-sigma-client-id": own.app, "x-sigma-scope": "notes:read" }, "nobody stands behind an app's own token");
  assert.equal(answer.json.path, "/notes?of=1");
  for (const name of ["authorization", "dpop"]) assert.equal(answer.json.headers[name], undefined);
  const calls = api.calls();
  const refused = await send(proxy.port, { method: "POST", path: "/notes", headers, body: "note" });
  assert.equal(refused.status, 403);
  assert.match(refused.headers["www-authenticate"], /Bearer error="insufficient_scope", scope="notes:write"/);
  for (const authorization of [[], [["Authorization", "Bearer nonsense"]]]) {
    const refused = await send(proxy.port, { path: "/notes", headers: [["Host", HOST], ...authorization] });
    assert.equal(refused.status, 401);
    assert.match(refused.headers["www-authenticate"], /^Bearer/);
  }
  assert.equal(api.calls(), calls, "the API was reached");
});

test("a token bound to a key reaches the API with a proof of that call alone", async () => {
  const [key, thief] = [await newKey(), await newKey()];
  const own = await token("notes:read notes:write", key);
  assert.equal(own.type, "DPoP");
  // A lone server that has just started asks for a nonce first, and nginx passes it on.
  let answer = await bound(key, own);
  if (answer.status === 401) {
    const nonce = answer.headers["dpop-nonce"];
    assert.ok(nonce, "the client learns the nonce");
    assert.match(answer.headers["www-authenticate"], /DPoP error="use_dpop_nonce"/);
    answer = await bound(key, own, { claims: { nonce } });
  }
  assert.equal(answer.status, 200, answer.body);
  const { headers } = answer.json;
  assert.deepEqual([headers["x-sigma-client-id"], headers["x-sigma-scope"]], [own.app, "notes:read notes:write"]);
  assert.deepEqual([headers.authorization, headers.dpop], [undefined, undefined]);

  const refusal = await bound(key, own, { claims: { nonce: "unknown" } });
  const claims = { nonce: refusal.headers["dpop-nonce"] };
  const written = await bound(key, own, { method: "POST", path: "/notes/1?draft=1", claims });
  assert.equal(written.status, 200, written.body);
  const calls = api.calls();
  const again = [["Host", HOST], ["Authorization", `DPoP ${own.token}`], ["DPoP", written.sent]];
  const forwarded = [["X-Forwarded-Uri", "/notes/1"], ["X-Forwarded-Method", "GET"]];
  for (const [what, attempt] of [
    ["a proof that was used", send(proxy.port, { method: "POST", path: "/notes/1?draft=1", headers: again, body: "note" })],
    ["a proof of another method", bound(key, own, { claims: { ...claims, htm: "PUT" } })],
    ["a proof of another path", bound(key, own, { claims: { ...claims, htu: `http://${HOST}/other` } })],
    ["another path by headers of the client", bound(key, own, { path: "/secret", claims: { ...claims, htu: `http://${HOST}/notes/1` }, more: forwarded })],
    ["a proof of another key", bound(thief, own, { claims })],
    ["as Bearer", send(proxy.port, { path: "/notes", headers: [["Host", HOST], ["Authorization", `Bearer ${own.token}`]] })],
  ]) {
    assert.equal((await attempt).status, 401, what);
  }
  assert.equal(api.calls(), calls, "the API was reached");
});
