//! `openid-client` 6: discovery, public and confidential apps, refresh, revocation, introspection, end of session.

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { after, before, test } from "node:test";
import * as client from "openid-client";
import { startSigma } from "../support/sigma.mjs";
import { addApp } from "./apps.mjs";
import { newPerson } from "./person.mjs";
import { verifyAccessToken, verifyIdToken } from "./tokens.mjs";

const redirect_uri = "http://127.0.0.1:9/callback";
const afterwards = "http://127.0.0.1:9/bye";

let sigma;
before(async () => (sigma = await startSigma()));
after(() => sigma?.stop());

function discover(clientId, metadata, authentication) {
  const execute = [client.allowInsecureRequests, client.enableNonRepudiationChecks];
  return client.discovery(new URL(sigma.issuer), clientId, metadata, authentication, { execute });
}

/** Signs `person` in to the app of `config` and exchanges the code, with every check that the client offers. */
async function signIn(config, person, parameters) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const expectedState = client.randomState();
  const expectedNonce = client.randomNonce();
  const request = client.buildAuthorizationUrl(config, {
    redirect_uri,
    scope: "openid profile",
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
    state: expectedState,
    nonce: expectedNonce,
    ...parameters,
  });
  const callback = await person.authorize(request, redirect_uri);
  const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true };
  const tokens = await client.authorizationCodeGrant(config, callback, checks);
  return { tokens, nonce: expectedNonce };
}

test("a public app signs a user in with PKCE and reads userinfo", async () => {
  await addApp(sigma, { client_id: "spa", token_endpoint_auth_method: "none", redirect_uris: [redirect_uri] });
  const config = await discover("spa", undefined, client.None());
  const person = await newPerson(sigma.issuer);

  const { tokens, nonce } = await signIn(config, person);

  assert.equal(tokens.token_type, "bearer");
  assert.equal(tokens.expires_in, 2_592_000);
  assert.equal(tokens.scope, "openid profile");
  assert.equal(tokens.refresh_token, undefined);
  const access = await verifyAccessToken(sigma.issuer, tokens.access_token);
  const id = await verifyIdToken(sigma.issuer, tokens, "spa", { nonce });
  assert.equal(access.sub, id.sub);
  assert.equal(access.client_id, "spa");
  const who = await client.fetchUserInfo(config, tokens.access_token, id.sub);
  assert.equal(who.pubkey, person.pubkey);
  assert.equal(who.bap_id, person.bapId);
  assert.equal(who.bitcoin_address, person.address);
  assert.equal(who.name, person.address);
  assert.equal(who.bap, null);
  assert.equal(who.email, undefined);
});

test("a second sign-in to a known app shows no page", async () => {
  const { client_secret } = await addApp(sigma, {
    client_id: "known",
    token_endpoint_auth_method: "client_secret_basic",
    redirect_uris: [redirect_uri],
  });
  const config = await discover("known", undefined, client.ClientSecretBasic(client_secret));
  const person = await newPerson(sigma.issuer);
  const first = await signIn(config, person);
  const second = await signIn(config, person, { prompt: "none" });
  assert.equal(second.tokens.claims().sub, first.tokens.claims().sub);
  assert.equal(second.tokens.claims().auth_time, first.tokens.claims().auth_time);
});

test("a refresh token is exchanged, and a used one ends the grant", async () => {
  const { client_secret } = await addApp(sigma, {
    client_id: "offline",
    token_endpoint_auth_method: "client_secret_post",
    redirect_uris: [redirect_uri],
    grant_types: ["authorization_code", "refresh_token"],
  });
  const config = await discover("offline", undefined, client.ClientSecretPost(client_secret));
  const person = await newPerson(sigma.issuer);
  const { tokens } = await signIn(config, person, { scope: "openid offline_access", prompt: "consent" });

  const second = await client.refreshTokenGrant(config, tokens.refresh_token);
  const third = await client.refreshTokenGrant(config, second.refresh_token);

  assert.notEqual(second.refresh_token, tokens.refresh_token);
  await verifyAccessToken(sigma.issuer, third.access_token);
  await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), { error: "invalid_grant" });
  await assert.rejects(client.refreshTokenGrant(config, third.refresh_token), { error: "invalid_grant" });
  await assert.rejects(client.fetchUserInfo(config, third.access_token, tokens.claims().sub), /401|WWW-Authenticate/);
});

test("redeeming a code twice revokes its tokens", async () => {
  await addApp(sigma, { client_id: "twice", token_endpoint_auth_method: "none", redirect_uris: [redirect_uri] });
  const config = await discover("twice", undefined, client.None());
  const person = await newPerson(sigma.issuer);
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const request = client.buildAuthorizationUrl(config, {
    redirect_uri,
    scope: "openid",
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
  });
  const callback = await person.authorize(request, redirect_uri);
  const tokens = await client.authorizationCodeGrant(config, callback, { pkceCodeVerifier });
  const again = client.authorizationCodeGrant(config, callback, { pkceCodeVerifier });
  await assert.rejects(again, { error: "invalid_grant" });
  await assert.rejects(client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub), /401|WWW-Authenticate/);
});

test("a revoked token is inactive at once, as introspection reports", async () => {
  const { client_secret } = await addApp(sigma, {
    client_id: "backend",
    token_endpoint_auth_method: "client_secret_basic",
    redirect_uris: [redirect_uri],
  });
  const config = await discover("backend", undefined, client.ClientSecretBasic(client_secret));
  const { tokens } = await signIn(config, await newPerson(sigma.issuer));

  const alive = await client.tokenIntrospection(config, tokens.access_token);
  await client.tokenRevocation(config, tokens.access_token);
  const dead = await client.tokenIntrospection(config, tokens.access_token);

  assert.equal(alive.active, true);
  assert.equal(alive.sub, tokens.claims().sub);
  assert.equal(alive.client_id, "backend");
  assert.equal(alive.scope, "openid profile");
  assert.deepEqual({ ...dead }, { active: false });
});

test("an app authenticates with its own key", async (t) => {
  const keys = {
    ES256: generateKeyPairSync("ec", { namedCurve: "P-256" }),
    RS256: generateKeyPairSync("rsa", { modulusLength: 2048 }),
    EdDSA: generateKeyPairSync("ed25519"),
  };
  for (const [alg, { publicKey, privateKey }] of Object.entries(keys)) {
    await t.test(alg, async () => {
      const client_id = `keyed-${alg.toLowerCase()}`;
      const jwk = { ...publicKey.export({ format: "jwk" }), kid: "k1", alg, use: "sig" };
      await addApp(sigma, {
        client_id,
        token_endpoint_auth_method: "private_key_jwt",
        jwks: JSON.stringify({ keys: [jwk] }),
        redirect_uris: [redirect_uri],
        grant_types: ["authorization_code", "client_credentials"],
      });
      const pkcs8 = privateKey.export({ format: "der", type: "pkcs8" });
      const webAlgorithm = {
        ES256: { name: "ECDSA", namedCurve: "P-256" },
        RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
        EdDSA: { name: "Ed25519" },
      }[alg];
      const key = await crypto.subtle.importKey("pkcs8", pkcs8, webAlgorithm, false, ["sign"]);
      const config = await discover(client_id, undefined, client.PrivateKeyJwt({ key, kid: "k1" }));

      const { tokens, nonce } = await signIn(config, await newPerson(sigma.issuer));
      const own = await client.clientCredentialsGrant(config);

      await verifyIdToken(sigma.issuer, tokens, client_id, { nonce });
      const claims = await verifyAccessToken(sigma.issuer, own.access_token);
      assert.equal(claims.sub, client_id);
      assert.equal((await client.tokenIntrospection(config, tokens.access_token)).active, true);
      await assert.rejects(client.fetchUserInfo(config, own.access_token, client.skipSubjectCheck));
    });
  }
});

test("ID tokens are signed with the app's chosen algorithm", async (t) => {
  for (const algorithm of ["ES256", "EdDSA"]) {
    await t.test(algorithm, async () => {
      const client_id = `id-${algorithm.toLowerCase()}`;
      const id_token_signed_response_alg = algorithm;
      const app = { client_id, token_endpoint_auth_method: "none", redirect_uris: [redirect_uri] };
      await addApp(sigma, { ...app, id_token_signed_response_alg });
      const config = await discover(client_id, { id_token_signed_response_alg }, client.None());
      const { tokens, nonce } = await signIn(config, await newPerson(sigma.issuer));
      await verifyIdToken(sigma.issuer, tokens, client_id, { algorithm, nonce });
    });
  }
});

test("signing out at an app ends the session and returns to the app", async () => {
  await addApp(sigma, {
    client_id: "leaving",
    token_endpoint_auth_method: "none",
    redirect_uris: [redirect_uri],
    post_logout_redirect_uris: [afterwards],
  });
  const config = await discover("leaving", undefined, client.None());
  const person = await newPerson(sigma.issuer);
  const { tokens } = await signIn(config, person);
  const url = client.buildEndSessionUrl(config, {
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: afterwards,
    state: "gone",
  });

  const end = await person.browser.visit(url.href, (target) => target.startsWith(afterwards));

  assert.equal(end.url, `${afterwards}?state=gone`);
  const session = await person.browser.fetch(`${sigma.issuer}/api/auth/get-session`);
  assert.equal(await session.json(), null);
  await assert.rejects(client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub), /401|WWW-Authenticate/);
});

test("denying consent returns access_denied", async () => {
  await addApp(sigma, { client_id: "refused", token_endpoint_auth_method: "none", redirect_uris: [redirect_uri] });
  const config = await discover("refused", undefined, client.None());
  const person = await newPerson(sigma.issuer);
  await person.signIn();
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const code_challenge = await client.calculatePKCECodeChallenge(pkceCodeVerifier);
  const request = client.buildAuthorizationUrl(config, {
    redirect_uri,
    scope: "openid",
    state: "",
    code_challenge,
    code_challenge_method: "S256",
  });
  const page = await person.browser.visit(request.href);
  const consent = new URL(page.url);
  assert.equal(consent.pathname, "/consent");
  const decision = { accept: false, oauth_query: consent.search.slice(1) };
  const answer = await person.browser.post(`${sigma.issuer}/api/auth/oauth2/consent`, decision).then((r) => r.json());
  const back = new URL(answer.url);
  assert.equal(back.searchParams.get("error"), "access_denied");
  assert.equal(back.searchParams.get("iss"), sigma.issuer);
  assert.equal(back.searchParams.get("state"), "");
});
