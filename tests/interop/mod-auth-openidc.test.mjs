//! Apache's mod_auth_openidc, as Debian packages it and the guide configures it: code with PKCE, form_post, logout.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { freePort, startSigma } from "../support/sigma.mjs";
import { startApache } from "./apache.mjs";
import { addApp } from "./apps.mjs";
import { newPerson } from "./person.mjs";

let sigma;
let secret;
let ports;
before(async () => {
  sigma = await startSigma();
  ports = [await freePort(), await freePort()];
  const origins = ports.map((port) => `http://127.0.0.1:${port}`);
  const app = {
    client_id: "wiki",
    redirect_uris: origins.map((origin) => `${origin}/signed-in`),
    post_logout_redirect_uris: origins.map((origin) => `${origin}/bye`),
  };
  ({ client_secret: secret } = await addApp(sigma, app));
});
after(() => sigma?.stop());

async function withApache(port, more, run) {
  const apache = await startApache(port, { issuer: sigma.issuer, secret, more });
  try {
    await run(apache, await newPerson(sigma.issuer));
  } finally {
    await apache.stop();
  }
}

/** The user whom Apache sees in the browser at `url`. */
async function seen(person, url, apache) {
  const { response } = await person.browser.visit(url);
  assert.equal(response.status, 200, await apache.log());
  assert.equal(await response.text(), "The wiki");
  return { id: response.headers.get("x-person"), name: response.headers.get("x-name") };
}

test("a user signs in with PKCE, is known to the application, and signs out", () =>
  withApache(ports[0], "", async (apache, person) => {
    const asked = await person.browser.fetch(`${apache.origin}/`);
    assert.equal(asked.status, 302, await apache.log());
    const request = new URL(asked.headers.get("location"));
    assert.equal(request.searchParams.get("code_challenge_method"), "S256");

    const callback = await person.authorize(request, `${apache.origin}/signed-in`);
    const who = await seen(person, callback.href, apache);
    assert.match(who.id, /^user_/);
    assert.equal(who.name, person.address);
    assert.deepEqual(await seen(person, `${apache.origin}/`, apache), who);

    const goodbye = `${apache.origin}/signed-in?logout=${encodeURIComponent(`${apache.origin}/bye`)}`;
    const left = await person.browser.visit(goodbye, (url) => url.startsWith(`${apache.origin}/bye`));
    assert.equal(left.response, null, "the person comes back from Sigma without a question");
    const session = await person.browser.fetch(`${sigma.issuer}/api/auth/get-session`);
    assert.equal(await session.json(), null);
    assert.equal((await person.browser.fetch(`${apache.origin}/`)).status, 302);
  }));

test("the code arrives by form_post", () =>
  withApache(ports[1], "OIDCResponseMode form_post", async (apache, person) => {
    // The consent page comes between; once consent is stored, the response is the form itself.
    const first = await person.browser.fetch(`${apache.origin}/`);
    const byQuery = new URL(first.headers.get("location"));
    assert.equal(byQuery.searchParams.get("response_mode"), "form_post");
    byQuery.searchParams.delete("response_mode");
    await person.authorize(byQuery, `${apache.origin}/signed-in`);

    const { response } = await person.browser.visit(`${apache.origin}/`);
    const page = await response.text();
    const [, action] = /<form[^>]* action="([^"]+)"/.exec(page) ?? assert.fail(page);
    const fields = [...page.matchAll(/<input[^>]* name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => [name, value]);
    assert.equal(action, `${apache.origin}/signed-in`);
    assert.deepEqual(fields.map(([name]) => name).sort(), ["code", "iss", "state"]);
    const posted = await person.browser.fetch(action, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams(fields).toString(),
    });
    assert.equal(posted.status, 302, await apache.log());
    assert.match((await seen(person, posted.headers.get("location"), apache)).id, /^user_/);
  }));
