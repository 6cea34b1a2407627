//! `@sigma-auth/better-auth-plugin` 0.0.75 as published: its browser half with the few globals of a page that it
//! touches, its server half in a better-auth app.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { PrivateKey } from "@bsv/sdk";
import { sigmaClient } from "@sigma-auth/better-auth-plugin/client";
import { checkBackupStatus, pullBackup, pushBackup } from "@sigma-auth/better-auth-plugin/client/sync";
import { exchangeCodeForTokens, sigmaCallbackPlugin } from "@sigma-auth/better-auth-plugin/server";
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { createAuthClient } from "better-auth/client";
import { toNodeHandler } from "better-auth/node";
import { startSigma } from "../support/sigma.mjs";
import { addApp } from "./apps.mjs";
import { serve } from "./app-server.mjs";
import { newPerson } from "./person.mjs";
import { verifyAccessToken, verifyIdToken } from "./tokens.mjs";

const clientId = "plugin-app";
const memberKey = PrivateKey.fromRandom();

let sigma;
let app;
before(async () => {
  sigma = await startSigma();
  let handler;
  app = await serve((request, response) => handler(request, response));
  app.callback = `${app.origin}/auth/sigma/callback`;
  app.database = { user: [], account: [], session: [], verification: [] };
  const auth = betterAuth({
    baseURL: app.origin,
    secret: "the application's own secret, long enough",
    database: memoryAdapter(app.database),
    telemetry: { enabled: false },
    plugins: [sigmaCallbackPlugin({ memberPrivateKey: memberKey.toWif(), clientId, issuerUrl: sigma.issuer })],
  });
  handler = toNodeHandler(auth);
  await addApp(sigma, {
    client_id: clientId,
    token_endpoint_auth_method: "sigma_bitcoin_auth",
    pubkey: memberKey.toPublicKey().toString(),
    redirect_uris: [app.callback],
  });
  process.env.NEXT_PUBLIC_SIGMA_AUTH_URL = sigma.issuer;
});
after(async () => {
  await app?.stop();
  await sigma?.stop();
});

/** What a page at `origin` offers and the plugin uses. `left` resolves to the address to which the page navigates. */
function openPage(t, origin) {
  const storage = () => {
    const items = new Map();
    return {
      getItem: (key) => items.get(key) ?? null,
      setItem: (key, value) => void items.set(key, String(value)),
      removeItem: (key) => void items.delete(key),
    };
  };
  let left;
  const navigation = new Promise((resolve) => (left = resolve));
  const location = { origin, host: new URL(origin).host, hostname: new URL(origin).hostname };
  Object.defineProperty(location, "href", { get: () => `${origin}/`, set: left });
  const realFetch = globalThis.fetch;
  const globals = {
    window: { location, addEventListener() {}, removeEventListener() {} },
    localStorage: storage(),
    sessionStorage: storage(),
    // A page resolves relative addresses by its own.
    fetch: (input, init) => realFetch(typeof input === "string" ? new URL(input, origin) : input, init),
  };
  Object.assign(globalThis, globals);
  t.after(() => {
    for (const name of Object.keys(globals)) delete globalThis[name];
    globalThis.fetch = realFetch;
  });
  return navigation;
}

test("signIn.sigma redirects, the callback exchanges the code, the user is signed in", async (t) => {
  const person = await newPerson(sigma.issuer);
  const navigation = openPage(t, app.origin);
  const authClient = createAuthClient({ baseURL: app.origin, plugins: [sigmaClient()] });

  authClient.signIn.sigma({ clientId, callbackURL: "/auth/sigma/callback", forceLogin: true });
  const callback = await person.authorize(await navigation, app.callback);
  const result = await authClient.sigma.handleCallback(callback.searchParams);

  assert.equal(result.user.pubkey, person.pubkey);
  assert.equal(result.user.bap_id, person.bapId);
  assert.equal(result.user.bitcoin_address, person.address);
  const access = await verifyAccessToken(sigma.issuer, result.access_token);
  await verifyIdToken(sigma.issuer, result, clientId, { algorithm: "ES256" });
  assert.equal(access.pubkey, person.pubkey);
  assert.equal(access.scope, "openid profile");
  const [account] = app.database.account;
  assert.equal(account.accountId, access.sub);
  assert.equal(app.database.session.length, 1);
  assert.equal(globalThis.localStorage.getItem("sigma_bap_id"), person.bapId);
});

/** An authorization request like the plugin's, and the code that comes back. */
async function obtainCode(person, parameters = {}) {
  const url = new URL(`${sigma.issuer}/oauth2/authorize`);
  url.search = new URLSearchParams({
    client_id: clientId,
    redirect_uri: app.callback,
    response_type: "code",
    state: "",
    scope: "openid profile",
    // The pair of RFC 7636, appendix B.
    code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    code_challenge_method: "S256",
    ...parameters,
  });
  const callback = await person.authorize(url, app.callback);
  assert.equal(callback.searchParams.get("state"), "");
  assert.equal(callback.searchParams.get("iss"), sigma.issuer);
  return callback.searchParams.get("code");
}

const codeVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

test("exchangeCodeForTokens returns the user and the tokens", async () => {
  const person = await newPerson(sigma.issuer);
  const code = await obtainCode(person);
  const exchange = (key) =>
    exchangeCodeForTokens({
      code,
      redirectUri: app.callback,
      clientId,
      memberPrivateKey: key.toWif(),
      codeVerifier,
      issuerUrl: sigma.issuer,
    });

  await assert.rejects(exchange(PrivateKey.fromRandom()), { error: "invalid_client", status: 401 });
  const result = await exchange(memberKey);

  assert.equal(result.user.pubkey, person.pubkey);
  assert.equal(result.expires_in, 2_592_000);
  assert.equal(result.refresh_token, undefined);
  await assert.rejects(exchange(memberKey), { error: "invalid_grant", details: "invalid code", status: 400 });
});

test("prompt and provider of signIn.sigma are understood", async () => {
  const person = await newPerson(sigma.issuer);
  await obtainCode(person);
  assert.ok(await obtainCode(person, { provider: "sigma", prompt: "none" }));
  assert.ok(await obtainCode(person, { prompt: "consent" }));
  assert.ok(await obtainCode(person, { prompt: "login" }));
  assert.ok(await obtainCode(person, { bapId: person.bapId, bap_id: person.bapId }));
});

for (const scheme of ["brc77", "bsm"]) {
  test(`signIn.sigma({ authToken }) opens a session (${scheme})`, async () => {
    const person = await newPerson(sigma.issuer);
    const authClient = createAuthClient({ baseURL: sigma.issuer, plugins: [sigmaClient()] });
    const authToken = person.sign("/api/auth/sign-in/sigma", undefined, scheme);
    let cookie;
    const onResponse = ({ response }) => void (cookie = response.headers.getSetCookie()[0]);

    const { data, error } = await authClient.signIn.sigma({ authToken }, { onResponse });
    const again = await authClient.signIn.sigma({ authToken });

    assert.equal(error, null);
    assert.equal(data.user.pubkey, person.pubkey);
    assert.match(cookie, /^better-auth\.session_token=[^;]+\.[^;]+; /);
    assert.equal(again.error.status, 401);
    const headers = { cookie: cookie.split(";")[0] };
    const session = await fetch(`${sigma.issuer}/api/auth/get-session`, { headers }).then((r) => r.json());
    assert.equal(session.user.id, data.user.id);
    assert.equal(session.session.userId, data.user.id);
  });
}

test("client/sync pushes and pulls the encrypted backup of an identity", async () => {
  const person = await newPerson(sigma.issuer);
  const config = { serverUrl: sigma.issuer };
  // What the plugin asks of `BAP`: the member key of an identity.
  const bapOf = ({ key }) => ({ getId: () => ({ exportMember: () => ({ wif: key.toWif() }) }) });
  const bap = bapOf(person);
  const [first, second] = [randomBytes(300).toString("base64"), randomBytes(300).toString("base64")];

  assert.deepEqual(await checkBackupStatus(bap, person.bapId, config), { exists: false });
  const nothing = await pullBackup(bap, person.bapId, config);
  assert.match(nothing.error, /404|not_found/);
  for (const backup of [first, second]) {
    assert.deepEqual(await pushBackup(bap, person.bapId, backup, config), { success: true });
    const pulled = await pullBackup(bap, person.bapId, config);
    assert.equal(pulled.encryptedBackup, backup);
    assert.match(pulled.lastUpdated, /^\d{4}-\d\d-\d\dT.*Z$/);
  }
  assert.equal((await checkBackupStatus(bap, person.bapId, config)).exists, true);

  const stranger = bapOf(await newPerson(sigma.issuer));
  assert.equal((await pushBackup(stranger, person.bapId, first, config)).success, false);
  assert.equal((await pullBackup(stranger, person.bapId, config)).encryptedBackup, undefined);
  assert.equal((await pullBackup(bap, person.bapId, config)).encryptedBackup, second);
  assert.equal((await pushBackup(bap, person.bapId, "not a backup", config)).success, false);
});

test("bitchat reads userinfo, the subscription and the wallets from another origin", async () => {
  const person = await newPerson(sigma.issuer);
  const tokens = await exchangeCodeForTokens({
    code: await obtainCode(person),
    redirectUri: app.callback,
    clientId,
    memberPrivateKey: memberKey.toWif(),
    codeVerifier,
    issuerUrl: sigma.issuer,
  });
  const origin = "https://bitchat.example";
  const read = async (path) => {
    const url = `${sigma.issuer}${path}`;
    const asked = { origin, "access-control-request-method": "GET", "access-control-request-headers": "authorization" };
    const preflight = await fetch(url, { method: "OPTIONS", headers: asked });
    assert.match(preflight.headers.get("access-control-allow-headers") ?? "", /authorization/i, path);
    const response = await fetch(url, { headers: { origin, authorization: `Bearer ${tokens.access_token}` } });
    assert.deepEqual([response.status, response.headers.get("access-control-allow-origin")], [200, "*"], path);
    return response.json();
  };

  const user = await read("/api/auth/oauth2/userinfo");
  assert.deepEqual([user.bap_id, user.bitcoin_address, user.bap], [person.bapId, person.address, null]);
  const { tier, isActive } = await read("/api/subscription/status");
  assert.deepEqual([tier, isActive], ["free", true]);
  for (const prefix of ["/api", "/api/auth"]) {
    assert.deepEqual((await read(`${prefix}/wallet/connect?bapId=${user.bap_id}`)).wallets, []);
    const { nfts, totalNFTs } = await read(`${prefix}/wallet/nfts`);
    assert.deepEqual([nfts, totalNFTs], [[], 0]);
  }
});

test("the health check that comes with the plugin finds the server healthy", async () => {
  const headers = { accept: "application/json" };
  const read = async (path) => {
    const response = await fetch(`${sigma.issuer}${path}`, { method: "GET", headers });
    assert.ok(response.ok, `${path}: ${response.status}`);
    return response;
  };
  // It asks for JSON everywhere, also of the home page.
  await read("");
  const { issuer, authorization_endpoint, token_endpoint } = await (await read("/api/auth/.well-known/openid-configuration")).json();
  assert.equal(issuer, sigma.issuer);
  for (const endpoint of [authorization_endpoint, token_endpoint]) assert.ok(endpoint.startsWith(`${sigma.issuer}/`), endpoint);
  const { keys } = await (await read("/api/auth/jwks")).json();
  assert.ok(keys.some(({ kty, crv, alg }) => kty === "EC" && crv === "P-256" && alg === "ES256"), JSON.stringify(keys));
});
