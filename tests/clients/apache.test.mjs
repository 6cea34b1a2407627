//! Apache's mod_auth_openidc lets in who has a role, as the guide says. That it signs people in at all is tested in tests/interop.

import assert from "node:assert/strict";
import { test } from "node:test";
import { freePort, startSigma } from "../support/sigma.mjs";
import { startApache } from "../interop/apache.mjs";
import { makeTeam } from "./team.mjs";

test("mod_auth_openidc lets in who has the role", async (t) => {
  const sigma = await startSigma();
  t.after(() => sigma.stop());
  const { id: workspace, admin, member } = await makeTeam(sigma, "bakery");
  const port = await freePort();
  const callback = `http://127.0.0.1:${port}/signed-in`;
  const options = ["--client-id", "wiki", "--name", "Wiki", "--workspace", workspace, "--scope", "openid profile roles"];
  const { client_secret: secret } = await sigma.admin("app", "add", ...options, "--redirect-uri", callback);
  const more = 'OIDCScope "openid profile roles"\n<Location />\n    AuthType openid-connect\n    Require claim roles:Admin\n</Location>';
  const apache = await startApache(port, { issuer: sigma.issuer, secret, more });
  t.after(apache.stop);
  for (const [person, status] of [[admin, 200], [member, 401]]) {
    const asked = await person.browser.fetch(`${apache.origin}/`);
    const back = await person.authorize(asked.headers.get("location"), callback);
    const landing = await person.browser.fetch(back.href);
    const page = await person.browser.fetch(new URL(landing.headers.get("location"), back).href);
    assert.equal(page.status, status, await apache.log());
    if (status === 200) assert.equal(page.headers.get("x-person"), person.id);
  }
});
