//! `openid-client` 5, the basis of next-auth and many others: RS256 ID tokens by default.

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { after, before, test } from "node:test";
import { custom, generators, Issuer } from "openid-client-5";
import { PATIENCE, startSigma } from "../support/sigma.mjs";
import { addApp } from "./apps.mjs";
import { newPerson } from "./person.mjs";
import { verifyAccessToken, verifyIdToken } from "./tokens.mjs";

custom.setHttpOptionsDefaults({ timeout: PATIENCE });

const redirect_uri = "http://127.0.0.1:9/callback";

let sigma;
let issuer;
before(async () => {
  sigma = await startSigma();
  issuer = await Issuer.discover(sigma.issuer);
});
after(() => sigma?.stop());

async function signIn(client, parameters = {}) {
  const checks = {
    code_verifier: generators.codeVerifier(),
    state: generators.state(),
    nonce: generators.nonce(),
    response_type: "code",
  };
  const url = client.authorizationUrl({
    scope: "openid profile",
    code_challenge: generators.codeChallenge(checks.code_verifier),
    code_challenge_method: "S256",
    state: checks.state,
    nonce: checks.nonce,
    ...parameters,
  });
  const person = await newPerson(sigma.issuer);
  const callback = await person.authorize(url, redirect_uri);
  const tokens = await client.callback(redirect_uri, client.callbackParams(callback.href), checks);
  return { tokens, nonce: checks.nonce, person };
}

test("a public app with PKCE: sign-in, userinfo, refresh, revocation", async () => {
  await addApp(sigma, {
    client_id: "public",
    token_endpoint_auth_method: "none",
    redirect_uris: [redirect_uri],
    grant_types: ["authorization_code", "refresh_token"],
  });
  const client = new issuer.Client({
    client_id: "public",
    token_endpoint_auth_method: "none",
    redirect_uris: [redirect_uri],
  });
  const { tokens, nonce, person } = await signIn(client, { scope: "openid profile offline_access", prompt: "consent" });
  await verifyIdToken(sigma.issuer, tokens, "public", { nonce });
  const who = await client.userinfo(tokens);
  assert.equal(who.pubkey, person.pubkey);
  const next = await client.refresh(tokens);
  await verifyAccessToken(sigma.issuer, next.access_token);
  await client.revoke(next.refresh_token);
  await assert.rejects(client.refresh(next.refresh_token), { error: "invalid_grant" });
});

test("private_key_jwt, introspection and the end-session URL", async () => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwk = (key) => ({ ...key.export({ format: "jwk" }), kid: "k1", alg: "ES256", use: "sig" });
  await addApp(sigma, {
    client_id: "keyed",
    token_endpoint_auth_method: "private_key_jwt",
    jwks: JSON.stringify({ keys: [jwk(publicKey)] }),
    redirect_uris: [redirect_uri],
    post_logout_redirect_uris: ["http://127.0.0.1:9/bye"],
  });
  const metadata = {
    client_id: "keyed",
    token_endpoint_auth_method: "private_key_jwt",
    token_endpoint_auth_signing_alg: "ES256",
    redirect_uris: [redirect_uri],
  };
  const client = new issuer.Client(metadata, { keys: [jwk(privateKey)] });
  const { tokens, person } = await signIn(client);
  assert.equal((await client.introspect(tokens.access_token)).active, true);
  const url = client.endSessionUrl({ id_token_hint: tokens, post_logout_redirect_uri: "http://127.0.0.1:9/bye" });
  const end = await person.browser.visit(url, (target) => target.startsWith("http://127.0.0.1:9/bye"));
  assert.equal(end.response, null);
  assert.equal((await client.introspect(tokens.access_token)).active, false);
});

test("form_post returns the response in a form", async () => {
  const { client_secret } = await addApp(sigma, {
    client_id: "posted",
    token_endpoint_auth_method: "client_secret_basic",
    redirect_uris: [redirect_uri],
  });
  const client = new issuer.Client({ client_id: "posted", client_secret, redirect_uris: [redirect_uri] });
  const person = await newPerson(sigma.issuer);
  await person.signIn();
  const nonce = generators.nonce();
  const url = client.authorizationUrl({ scope: "openid", response_mode: "form_post", nonce, state: "s&<\"s" });
  const consent = new URL((await person.browser.visit(url)).url);
  const interaction = consent.searchParams.get("interaction");
  // Like the page without script.
  const form = new URLSearchParams({ interaction, accept: "true" }).toString();
  const headers = { "content-type": "application/x-www-form-urlencoded", accept: "text/html" };
  const answer = await person.browser.post(`${sigma.issuer}/api/auth/oauth2/consent`, form, headers);
  const html = await answer.text();
  const [, action] = /<form[^>]*action="([^"]*)"/.exec(html);
  assert.equal(action, redirect_uri);
  const unescape = (text) =>
    text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (_, decimal, hex, name) =>
      name ? { amp: "&", lt: "<", gt: ">", quot: '"' }[name] : String.fromCodePoint(parseInt(decimal ?? hex, decimal ? 10 : 16)),
    );
  const fields = [...html.matchAll(/<input[^>]*type="hidden"[^>]*name="([^"]*)"[^>]*value="([^"]*)"/g)];
  const parameters = Object.fromEntries(fields.map(([, name, value]) => [name, unescape(value)]));
  const tokens = await client.callback(redirect_uri, parameters, { nonce, state: "s&<\"s", response_type: "code" });
  assert.equal(tokens.claims().aud, "posted");
});
