//! Spring Boot with Spring Security: an app that signs people in, and an API that verifies their tokens, as the guide shows them
//! (SPRING, built by `make clients`).

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { freePort, startSigma } from "../support/sigma.mjs";
import { newPerson } from "../interop/person.mjs";
import { directoryOf, example, start } from "./program.mjs";
import { makeTeam } from "./team.mjs";

const built = process.env.SPRING;
const skip = !built && "SPRING is not built";

/** A server of the test's own: both register an app `shop`. */
async function ownSigma(t) {
  const sigma = await startSigma();
  t.after(() => sigma.stop());
  return sigma;
}

/** Starts the app of this class (`Shop` is in the package `shop`) on `port`, with its example's application.yml. */
async function startSpring(t, sigma, name, port, environment = {}) {
  const origin = `http://127.0.0.1:${port}`;
  const directory = name.toLowerCase();
  const settings = await example(`spring/${directory}/application.yml`, { "https://id.example.org": sigma.issuer });
  const cwd = await directoryOf(t, { "application.yml": settings });
  const light = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m"];
  const args = [...light, "-cp", `${built}/classes:${join(built, "jars")}/*`, `${directory}.${name}`, `--server.port=${port}`];
  const output = await start(t, origin, "java", args, { cwd, env: { ...process.env, ...environment } });
  return { origin, output };
}

test("a Spring app signs people in, and knows their roles", { skip }, async (t) => {
  const sigma = await ownSigma(t);
  const { id: workspace, admin, member } = await makeTeam(sigma, "bakery");
  const port = await freePort();
  const callback = `http://127.0.0.1:${port}/login/oauth2/code/sigma`;
  const uris = ["--redirect-uri", callback, "--post-logout-redirect-uri", `http://127.0.0.1:${port}/bye`];
  const options = ["--client-id", "shop", "--name", "Shop", "--workspace", workspace, "--scope", "openid profile roles"];
  const { client_secret: SIGMA_SECRET } = await sigma.admin("app", "add", ...options, ...uris);
  const app = await startSpring(t, sigma, "Shop", port, { SIGMA_SECRET });

  for (const [person, status] of [[admin, 200], [member, 403]]) {
    const start = await person.browser.fetch(`${app.origin}/oauth2/authorization/sigma`);
    const request = new URL(start.headers.get("location"));
    assert.equal(request.searchParams.get("code_challenge_method"), "S256");
    assert.ok(request.searchParams.get("nonce"));
    const back = await person.authorize(request, callback);
    await person.browser.visit(back.href);
    const home = await person.browser.fetch(`${app.origin}/`);
    assert.equal(home.status, 200, app.output());
    assert.ok((await home.text()).endsWith(` is signed in as ${person.id}`));
    assert.equal((await person.browser.fetch(`${app.origin}/stock`)).status, status);
  }

  const page = await (await admin.browser.fetch(`${app.origin}/logout`)).text();
  const [, _csrf] = /name="_csrf"[^>]*value="([^"]+)"/.exec(page) ?? assert.fail(page);
  const left = await admin.browser.post(`${app.origin}/logout`, new URLSearchParams({ _csrf }).toString(), {
    "content-type": "application/x-www-form-urlencoded",
  });
  const { url } = await admin.browser.visit(left.headers.get("location"), (to) => to === `${app.origin}/bye`);
  assert.equal(url, `${app.origin}/bye`, "back from Sigma without a question");
  const session = await admin.browser.fetch(`${sigma.issuer}/api/auth/get-session`);
  assert.equal(await session.json(), null);
});

test("a Spring API accepts only access tokens issued for it", { skip }, async (t) => {
  const sigma = await ownSigma(t);
  const API = "https://api.example.org";
  await sigma.admin("resource", "add", API, "--name", "Notes", "--scope", "notes:read=Read your notes");
  const api = await startSpring(t, sigma, "Api", await freePort());
  const notes = (token) => fetch(`${api.origin}/notes`, { headers: { authorization: `Bearer ${token}` } });

  const person = await newPerson(sigma.issuer);
  const redirect_uri = "http://127.0.0.1:9/callback";
  /** Tokens of a sign-in to the app `client_id`. */
  async function tokens(client_id, secret, parameters) {
    const asked = { client_id, redirect_uri, response_type: "code", ...parameters };
    const back = await person.authorize(`${sigma.issuer}/oauth2/authorize?${new URLSearchParams(asked)}`, redirect_uri);
    const response = await fetch(`${sigma.issuer}/api/auth/oauth2/token`, {
      method: "POST",
      headers: { authorization: `Basic ${Buffer.from(`${client_id}:${secret}`).toString("base64")}` },
      body: new URLSearchParams({ grant_type: "authorization_code", code: back.searchParams.get("code"), redirect_uri }),
    });
    assert.equal(response.status, 200, await response.clone().text());
    return response.json();
  }
  const add = (id) => sigma.admin("app", "add", "--client-id", id, "--name", id, "--redirect-uri", redirect_uri, "--resource", API);
  const { client_secret: secret } = await add("shop");
  const { client_secret: other } = await add("another-shop");

  const good = await tokens("shop", secret, { scope: "openid notes:read", resource: API });
  const answer = await notes(good.access_token);
  assert.equal(answer.status, 200, api.output());
  const { of, by } = await answer.json();
  assert.match(of, /^user_/);
  assert.equal(by, "shop");

  const refused = {
    "no token": "x.y.z",
    "an ID token": good.id_token,
    "of another audience": (await tokens("shop", secret, { scope: "openid" })).access_token,
    "of another app": (await tokens("another-shop", other, { scope: "openid notes:read", resource: API })).access_token,
  };
  for (const [name, token] of Object.entries(refused)) assert.equal((await notes(token)).status, 401, name);
  const without = await tokens("shop", secret, { scope: "openid", resource: API });
  assert.equal((await notes(without.access_token)).status, 403, "without the scope");
});
