//! Authlib, as the guide shows it: a Flask app that signs people in, and a Flask API that checks access tokens (RFC 9068).

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { freePort, startSigma } from "../support/sigma.mjs";
import { addApp } from "./apps.mjs";
import { newPerson } from "./person.mjs";
import { startFlask } from "./python.mjs";

const API = "https://api.example.org";

let sigma;
let app;
let api;
let person;

before(async () => {
  sigma = await startSigma();
  await sigma.admin("resource", "add", API, "--name", "Notes");
  const port = await freePort();
  const { client_secret } = await addApp(sigma, {
    client_id: "shop",
    redirect_uris: [`http://127.0.0.1:${port}/callback`],
  });
  const environment = { SIGMA_URL: sigma.issuer, SESSION_KEY: "for tests alone" };
  [app, api] = await Promise.all([
    startFlask("flask_app", port, { ...environment, CLIENT_ID: "shop", CLIENT_SECRET: client_secret }),
    startFlask("flask_api", await freePort(), environment),
  ]);
  person = await newPerson(sigma.issuer);
});
after(() => Promise.all([app?.stop(), api?.stop(), sigma?.stop()]));

/** Where the app redirects a browser for sign-in. */
async function request() {
  const response = await person.browser.fetch(`${app.origin}/login`);
  assert.equal(response.status, 302, app.output());
  return new URL(response.headers.get("location"));
}

test("a Flask app signs a user in with PKCE, state and nonce", async () => {
  const url = await request();
  for (const name of ["state", "nonce", "code_challenge"]) assert.ok(url.searchParams.get(name), name);
  assert.equal(url.searchParams.get("code_challenge_method"), "S256");

  const callback = await person.authorize(url, app.origin);
  assert.ok(callback.searchParams.get("code"), String(callback));
  const { response } = await person.browser.visit(callback.href);

  assert.equal(response.status, 200, app.output());
  const { id, name } = await response.json();
  assert.match(id, /^user_/);
  assert.equal(name, person.address);
});

test("the app refuses the response to another request", async () => {
  const callback = await person.authorize(await request(), app.origin);
  callback.searchParams.set("state", "another");
  const { response } = await person.browser.visit(callback.href);
  assert.equal(response.status, 500);
  // Flask answers before it has printed why.
  for (let tries = 0; tries < 400 && !/mismatching_state/i.test(app.output()); tries += 1) await delay(25);
  assert.match(app.output(), /mismatching_state/i);
});

test("a Flask API accepts only access tokens issued for it", async () => {
  const { client_secret } = await addApp(sigma, {
    client_id: "client",
    redirect_uris: ["http://127.0.0.1:9/callback"],
    resources: [API],
  });
  const basic = `Basic ${Buffer.from(`client:${client_secret}`).toString("base64")}`;
  /** Tokens of a sign-in with these further parameters. */
  async function tokens(parameters) {
    const asked = { client_id: "client", redirect_uri: "http://127.0.0.1:9/callback", response_type: "code", ...parameters };
    const url = `${sigma.issuer}/oauth2/authorize?${new URLSearchParams(asked)}`;
    const callback = await person.authorize(url, asked.redirect_uri);
    const { code } = Object.fromEntries(callback.searchParams);
    assert.ok(code, String(callback));
    const form = { grant_type: "authorization_code", code, redirect_uri: asked.redirect_uri };
    const body = new URLSearchParams(form);
    const response = await fetch(`${sigma.issuer}/api/auth/oauth2/token`, {
      method: "POST",
      headers: { authorization: basic },
      body,
    });
    assert.equal(response.status, 200, await response.clone().text());
    return response.json();
  }
  const notes = (token) => fetch(`${api.origin}/notes`, { headers: { authorization: `Bearer ${token}` } });

  const good = await tokens({ scope: "openid profile", resource: API });
  const answer = await notes(good.access_token);
  assert.equal(answer.status, 200, await answer.clone().text());
  const { of, by } = await answer.json();
  assert.match(of, /^user_/);
  assert.equal(by, "client");

  const forIssuer = await tokens({ scope: "openid profile" });
  const refused = { "of another audience": forIssuer.access_token, "an id token": good.id_token, "no token": "x.y.z" };
  for (const [name, token] of Object.entries(refused)) assert.equal((await notes(token)).status, 401, name);
  const without = await tokens({ scope: "openid", resource: API });
  assert.equal((await notes(without.access_token)).status, 403);

  // A key is one factor: the API asks for two (RFC 9470).
  const payments = await fetch(`${api.origin}/payments`, { headers: { authorization: `Bearer ${good.access_token}` } });
  assert.equal(payments.status, 401);
  assert.match(payments.headers.get("www-authenticate"), /error="insufficient_user_authentication", acr_values="2", max_age="300"/);
});
