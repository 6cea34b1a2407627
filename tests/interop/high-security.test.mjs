//! Pushed requests and tokens bound to a key, with the libraries that apps use for them: `openid-client` 6 and `oauth4webapi`.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as oauth from "oauth4webapi";
import * as client from "openid-client";
import { startSigma } from "../support/sigma.mjs";
import { addApp } from "./apps.mjs";
import { newPerson } from "./person.mjs";
import { verifyAccessToken } from "./tokens.mjs";

// The FAPI 2.0 profile takes https addresses alone; nobody fetches this one.
const redirect_uri = "https://bank.example.org/callback";
const insecure = { [oauth.allowInsecureRequests]: true };

let sigma;
before(async () => (sigma = await startSigma()));
after(() => sigma?.stop());

/** A key pair, and the JWK set of its public half. */
async function signingKey() {
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  return { key: pair.privateKey, jwks: JSON.stringify({ keys: [{ kty, crv, x, y, alg: "ES256", use: "sig", kid: "k1" }] }) };
}

async function addBank(client_id) {
  const { key, jwks } = await signingKey();
  await addApp(sigma, {
    client_id,
    token_endpoint_auth_method: "private_key_jwt",
    jwks,
    redirect_uris: [redirect_uri],
    security_profile: "fapi2",
  });
  return { key, kid: "k1" };
}

test("openid-client 6 signs in under the FAPI 2.0 profile", async () => {
  const key = await addBank("bank-one");
  const execute = [client.allowInsecureRequests, client.enableNonRepudiationChecks];
  const metadata = { id_token_signed_response_alg: "ES256" };
  const config = await client.discovery(new URL(sigma.issuer), "bank-one", metadata, client.PrivateKeyJwt(key), { execute });
  const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256"));
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const expectedState = client.randomState();
  const expectedNonce = client.randomNonce();
  const parameters = {
    redirect_uri,
    scope: "openid profile offline_access",
    prompt: "consent",
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
    state: expectedState,
    nonce: expectedNonce,
  };
  const url = await client.buildAuthorizationUrlWithPAR(config, parameters, { DPoP });
  assert.deepEqual([...url.searchParams.keys()].sort(), ["client_id", "request_uri"]);
  const person = await newPerson(sigma.issuer);
  const callback = await person.authorize(url, redirect_uri);
  const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true };
  const tokens = await client.authorizationCodeGrant(config, callback, checks, {}, { DPoP });
  assert.equal(tokens.token_type, "dpop");
  const who = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub, { DPoP });
  assert.equal(who.pubkey, person.pubkey);
  const next = await client.refreshTokenGrant(config, tokens.refresh_token, {}, { DPoP });
  assert.equal(next.refresh_token, tokens.refresh_token);

  // Another key is of no use with the token.
  const thief = client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256"));
  await assert.rejects(client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub, { DPoP: thief }));
  await assert.rejects(client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub));
});

test("oauth4webapi pushes a request, binds its tokens, and an API verifies them", async () => {
  const issuer = new URL(sigma.issuer);
  const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
  const key = await addBank("bank-two");
  const app = { client_id: "bank-two", id_token_signed_response_alg: "ES256" };
  const authentication = oauth.PrivateKeyJwt(key);
  const DPoP = oauth.DPoP(app, await oauth.generateKeyPair("ES256"));
  const options = { ...insecure, DPoP };
  /** Repeats a request that needs the server's nonce. */
  const insisting = async (ask) => {
    try {
      return await ask();
    } catch (error) {
      if (!oauth.isDPoPNonceError(error)) throw error;
      return ask();
    }
  };
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const nonce = oauth.generateRandomNonce();
  const parameters = new URLSearchParams({
    client_id: app.client_id,
    redirect_uri,
    response_type: "code",
    scope: "openid profile",
    state,
    nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  });
  const { request_uri, expires_in } = await insisting(async () => {
    const response = await oauth.pushedAuthorizationRequest(server, app, authentication, parameters, options);
    return oauth.processPushedAuthorizationResponse(server, app, response);
  });
  assert.equal(expires_in, 60);
  const url = new URL(server.authorization_endpoint);
  url.search = new URLSearchParams({ client_id: app.client_id, request_uri });
  const person = await newPerson(sigma.issuer);
  const callback = oauth.validateAuthResponse(server, app, await person.authorize(url, redirect_uri), state);
  const tokens = await insisting(async () => {
    const response = await oauth.authorizationCodeGrantRequest(
      server, app, authentication, callback, redirect_uri, verifier, options,
    );
    return oauth.processAuthorizationCodeResponse(server, app, response, { expectedNonce: nonce, requireIdToken: true });
  });
  assert.equal(tokens.token_type, "dpop");
  const { sub } = oauth.getValidatedIdTokenClaims(tokens);
  const who = await insisting(async () => {
    const response = await oauth.userInfoRequest(server, app, tokens.access_token, options);
    return oauth.processUserInfoResponse(server, app, sub, response);
  });
  assert.equal(who.pubkey, person.pubkey);
  const { cnf } = await verifyAccessToken(sigma.issuer, tokens.access_token);
  assert.equal(cnf.jkt, await DPoP.calculateThumbprint());

  // What an API does: the library checks token and proof.
  let seen;
  const api = "https://api.example.org/notes";
  await oauth.protectedResourceRequest(tokens.access_token, "GET", new URL(api), new Headers(), null, {
    DPoP,
    [oauth.customFetch]: async (address, init) => {
      seen = new Request(address, init);
      return new Response(null, { status: 204 });
    },
  });
  const claims = await oauth.validateJwtAccessToken(server, seen, sigma.issuer, insecure);
  assert.equal(claims.sub, sub);
});
