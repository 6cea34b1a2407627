//! Back-channel logout, received by `express-openid-connect` 3: an app whose user signs out elsewhere.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import express from "express";
import openid from "express-openid-connect";
import { PATIENCE, startSigma } from "../support/sigma.mjs";
import { addApp } from "./apps.mjs";
import { newPerson } from "./person.mjs";

let sigma;
before(async () => (sigma = await startSigma({ SIGMA__OUTBOUND__ALLOW: '["127.0.0.0/8"]' })));
after(() => sigma?.stop());

/** Sessions in memory, as express-session stores them. */
class Sessions extends Map {
  get = (id, done) => done(null, super.get(id) ?? null);
  set = (id, value, done) => done(null, super.set(id, value));
  destroy = (id, done) => done(null, super.delete(id));
}

/** An app that shows who is signed in; returns its origin, what it was told, and how to stop it. */
async function serve(clientId) {
  const app = express();
  const server = createServer(app);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  const { client_secret: clientSecret } = await addApp(sigma, {
    client_id: clientId,
    redirect_uris: [`${origin}/callback`],
    backchannel_logout_uri: `${origin}/backchannel-logout`,
  });
  const told = [];
  app.use((request, response, next) => {
    if (request.path === "/backchannel-logout") response.on("finish", () => told.push(response.statusCode));
    next();
  });
  app.use(
    openid.auth({
      issuerBaseURL: sigma.issuer,
      baseURL: origin,
      clientID: clientId,
      clientSecret,
      // Cookies do not know ports: each app has its own name.
      session: { name: clientId, store: new Sessions() },
      secret: "the application's own secret, long enough",
      authRequired: false,
      authorizationParams: { response_type: "code", scope: "openid profile" },
      backchannelLogout: true,
    }),
  );
  app.get("/who", (request, response) => response.json(request.oidc.isAuthenticated() ? request.oidc.idTokenClaims : null));
  const stop = () => new Promise((resolve) => (server.close(resolve), server.closeAllConnections()));
  return { origin, told, stop };
}

/** Asks until `wanted` is answered: an end is told a moment after it happened. */
async function eventually(wanted, ask) {
  const deadline = Date.now() + PATIENCE;
  while (!wanted(await ask())) {
    assert.ok(Date.now() < deadline, "it never happened");
    await delay(50);
  }
}

test("a user who signs out at Sigma is signed out of every app that listens", async (t) => {
  const apps = [await serve("one"), await serve("two")];
  for (const app of apps) t.after(app.stop);
  const person = await newPerson(sigma.issuer);
  const who = async (app) => (await person.browser.fetch(`${app.origin}/who`)).json();
  const subjects = [];
  for (const app of apps) {
    const back = await person.authorize(`${app.origin}/login`, `${app.origin}/callback`);
    await person.browser.visit(back.href);
    subjects.push((await who(app)).sub);
  }
  assert.equal(subjects[0], subjects[1]);
  const session = await person.browser.fetch(`${sigma.issuer}/api/auth/get-session`).then((r) => r.json());
  assert.equal(session.user.id, subjects[0]);
  assert.equal((await person.browser.post(`${sigma.issuer}/api/auth/sign-out`, {})).status, 200);
  for (const app of apps) await eventually((told) => told.length > 0, async () => app.told);
  assert.deepEqual(apps.map((app) => app.told), [[204], [204]]);
  for (const app of apps) assert.equal(await who(app), null);
  const [{ state, attempts, status }] = (await sigma.admin("app", "show", "two")).logouts;
  assert.deepEqual([state, attempts, status], ["delivered", 1, 204]);
});
