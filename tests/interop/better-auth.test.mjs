//! better-auth's `genericOAuth`. It requires an e-mail address, so the app has `placeholder_email`.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { toNodeHandler } from "better-auth/node";
import { genericOAuth } from "better-auth/plugins";
import { startSigma } from "../support/sigma.mjs";
import { addApp } from "./apps.mjs";
import { serve } from "./app-server.mjs";
import { newPerson } from "./person.mjs";

let sigma;
before(async () => (sigma = await startSigma()));
after(() => sigma?.stop());

test("better-auth's genericOAuth signs a user in and recognizes them again", async (t) => {
  let handler;
  const app = await serve((request, response) => handler(request, response));
  t.after(app.stop);
  const callback = `${app.origin}/api/auth/callback/sigma`;
  const { client_secret: clientSecret } = await addApp(sigma, {
    client_id: "better-auth-app",
    token_endpoint_auth_method: "client_secret_post",
    redirect_uris: [callback],
    placeholder_email: true,
  });
  const database = { user: [], account: [], session: [], verification: [] };
  const auth = betterAuth({
    baseURL: app.origin,
    secret: "the application's own secret, long enough",
    database: memoryAdapter(database),
    telemetry: { enabled: false },
    rateLimit: { enabled: false },
    plugins: [
      genericOAuth({
        config: [
          {
            providerId: "sigma",
            discoveryUrl: `${sigma.issuer}/.well-known/openid-configuration`,
            requireIdTokenVerification: true,
            clientId: "better-auth-app",
            clientSecret,
            scopes: ["openid", "profile", "email"],
          },
        ],
      }),
    ],
  });
  handler = toNodeHandler(auth);

  const person = await newPerson(sigma.issuer);
  for (const visit of ["first", "second"]) {
    const begin = { provider: "sigma", callbackURL: `${app.origin}/${visit}` };
    const start = await person.browser.post(`${app.origin}/api/auth/sign-in/social`, begin);
    assert.equal(start.status, 200, await start.clone().text());
    const back = await person.authorize((await start.json()).url, callback);
    const landing = await person.browser.fetch(back.href);
    assert.equal(landing.headers.get("location"), `${app.origin}/${visit}`);
    const session = await person.browser.fetch(`${app.origin}/api/auth/get-session`).then((r) => r.json());
    assert.equal(session.user.name, person.address);
    assert.equal(session.user.emailVerified, false);
  }
  assert.equal(database.user.length, 1);
  const [account] = database.account;
  assert.equal(account.providerId, "sigma");
  assert.equal(database.user[0].email, `${account.accountId.toLowerCase()}@users.localhost`);
});
