//! `oauth4webapi`: the whole flow under its strict checks, with every response processed by the library.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as oauth from "oauth4webapi";
import { startSigma } from "../support/sigma.mjs";
import { addApp } from "./apps.mjs";
import { newPerson } from "./person.mjs";
import { verifyAccessToken, verifyIdToken } from "./tokens.mjs";

const redirect_uri = "http://127.0.0.1:9/callback";
const insecure = { [oauth.allowInsecureRequests]: true };

let sigma;
let server;
before(async () => {
  sigma = await startSigma();
  const issuer = new URL(sigma.issuer);
  server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
});
after(() => sigma?.stop());

/** Signs a new user in to `app`; returns the processed token response. */
async function signIn(app, authentication, scope) {
  const verifier = oauth.generateRandomCodeVerifier();
  const nonce = oauth.generateRandomNonce();
  const state = oauth.generateRandomState();
  const url = new URL(server.authorization_endpoint);
  url.search = new URLSearchParams({
    client_id: app.client_id,
    redirect_uri,
    response_type: "code",
    scope,
    state,
    nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    ...(scope.includes("offline_access") ? { prompt: "consent" } : {}),
  });
  const person = await newPerson(sigma.issuer);
  const callback = await person.authorize(url, redirect_uri);
  const parameters = oauth.validateAuthResponse(server, app, callback, state);
  const response = await oauth.authorizationCodeGrantRequest(
    server, app, authentication, parameters, redirect_uri, verifier, insecure,
  );
  assert.equal(response.headers.get("cache-control"), "no-store");
  const tokens = await oauth.processAuthorizationCodeResponse(server, app, response, {
    expectedNonce: nonce,
    requireIdToken: true,
  });
  return { tokens, nonce, person };
}

test("RFC 8414 metadata equals OpenID Connect discovery", async () => {
  const issuer = new URL(sigma.issuer);
  const response = await oauth.discoveryRequest(issuer, { ...insecure, algorithm: "oauth2" });
  assert.deepEqual(await oauth.processDiscoveryResponse(issuer, response), server);
});

test("a public app: sign-in, userinfo, refresh, revocation", async () => {
  const grant_types = ["authorization_code", "refresh_token"];
  await addApp(sigma, {
    client_id: "native",
    token_endpoint_auth_method: "none",
    application_type: "native",
    redirect_uris: [redirect_uri],
    grant_types,
  });
  const app = { client_id: "native" };
  const { tokens, nonce, person } = await signIn(app, oauth.None(), "openid profile offline_access");
  const { sub } = oauth.getValidatedIdTokenClaims(tokens);
  await verifyIdToken(sigma.issuer, tokens, "native", { nonce });

  const userinfo = await oauth.userInfoRequest(server, app, tokens.access_token, insecure);
  const who = await oauth.processUserInfoResponse(server, app, sub, userinfo);
  assert.equal(who.pubkey, person.pubkey);

  const refresh = await oauth.refreshTokenGrantRequest(server, app, oauth.None(), tokens.refresh_token, insecure);
  const next = await oauth.processRefreshTokenResponse(server, app, refresh);
  assert.equal((await verifyAccessToken(sigma.issuer, next.access_token)).sub, sub);

  const revocation = await oauth.revocationRequest(server, app, oauth.None(), next.refresh_token, insecure);
  await oauth.processRevocationResponse(revocation);
  const late = await oauth.refreshTokenGrantRequest(server, app, oauth.None(), next.refresh_token, insecure);
  await assert.rejects(oauth.processRefreshTokenResponse(server, app, late), { error: "invalid_grant" });
});

test("a loopback app may listen on any port (RFC 8252 §7.3)", async () => {
  await addApp(sigma, {
    client_id: "cli-tool",
    token_endpoint_auth_method: "none",
    application_type: "native",
    redirect_uris: ["http://127.0.0.1/done"],
  });
  const verifier = oauth.generateRandomCodeVerifier();
  const url = new URL(server.authorization_endpoint);
  url.search = new URLSearchParams({
    client_id: "cli-tool",
    redirect_uri: "http://127.0.0.1:49152/done",
    response_type: "code",
    scope: "openid",
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  });
  const person = await newPerson(sigma.issuer);
  const callback = await person.authorize(url, "http://127.0.0.1:49152/done");
  assert.ok(callback.searchParams.get("code"));
});

test("client credentials by each kind of secret", async (t) => {
  const kinds = { client_secret_basic: oauth.ClientSecretBasic, client_secret_post: oauth.ClientSecretPost };
  for (const [method, authentication] of Object.entries(kinds)) {
    await t.test(method, async () => {
      const client_id = method.replaceAll("_", "-").replace("client-", "machine-");
      const { client_secret } = await addApp(sigma, {
        client_id,
        token_endpoint_auth_method: method,
        grant_types: ["client_credentials"],
      });
      const app = { client_id };
      const request = (secret) =>
        oauth.clientCredentialsGrantRequest(server, app, authentication(secret), new URLSearchParams(), insecure);
      const tokens = await oauth.processClientCredentialsResponse(server, app, await request(client_secret));
      assert.equal((await verifyAccessToken(sigma.issuer, tokens.access_token)).client_id, client_id);
      assert.equal(tokens.refresh_token, undefined);
      const wrong = await request("wrong");
      assert.equal(wrong.status, 401);
      await assert.rejects(oauth.processClientCredentialsResponse(server, app, wrong));
    });
  }
});

test("introspection covers an app's own tokens and hides those of others", async () => {
  const register = (client_id) =>
    addApp(sigma, {
      client_id,
      token_endpoint_auth_method: "client_secret_basic",
      grant_types: ["client_credentials"],
    });
  const [mine, other] = [await register("mine"), await register("other")];
  const app = { client_id: "mine" };
  const secret = oauth.ClientSecretBasic(mine.client_secret);
  const response = await oauth.clientCredentialsGrantRequest(server, app, secret, new URLSearchParams(), insecure);
  const { access_token } = await oauth.processClientCredentialsResponse(server, app, response);
  const ask = async (asker, authentication) =>
    oauth.processIntrospectionResponse(
      server, asker, await oauth.introspectionRequest(server, asker, authentication, access_token, insecure),
    );
  assert.equal((await ask(app, secret)).active, true);
  const stranger = await ask({ client_id: "other" }, oauth.ClientSecretBasic(other.client_secret));
  assert.deepEqual({ ...stranger }, { active: false });
});
