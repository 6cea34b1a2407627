//! oauth2-proxy before a site, with the configuration that its guide shows (OAUTH2_PROXY, built by `make clients`).

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { freePort, startSigma } from "../support/sigma.mjs";
import { serve } from "../interop/app-server.mjs";
import { directoryOf, example, start } from "./program.mjs";
import { makeTeam } from "./team.mjs";

const program = process.env.OAUTH2_PROXY;

let sigma;
before(async () => (sigma = await startSigma()));
after(() => sigma?.stop());

test("oauth2-proxy lets in who has the role, and says who it is", { skip: !program && "OAUTH2_PROXY is not built" }, async (t) => {
  const team = await makeTeam(sigma, "bakery");
  const site = await serve((request, response) => response.end(JSON.stringify(request.headers)));
  t.after(site.stop);
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const app = ["--client-id", "wiki", "--name", "Wiki", "--workspace", team.id, "--scope", "openid profile roles"];
  const { client_secret: secret } = await sigma.admin("app", "add", ...app, "--redirect-uri", `${origin}/oauth2/callback`);
  const configuration = await example("oauth2-proxy/oauth2-proxy.cfg", {
    "https://id.example.org": sigma.issuer,
    '"id.example.org"': `"${new URL(sigma.issuer).host}"`,
    "https://wiki.example.org": origin,
    "the secret of sigma app add": secret,
    "127.0.0.1:4180": `127.0.0.1:${port}`,
    "http://127.0.0.1:9000": site.origin,
    "32 random bytes in base64url": randomBytes(32).toString("base64url"),
  });
  const directory = await directoryOf(t, { "oauth2-proxy.cfg": configuration });
  const output = await start(t, `${origin}/ping`, program, ["--config", join(directory, "oauth2-proxy.cfg")]);

  const { admin, member } = team;
  const asked = await admin.browser.fetch(`${origin}/notes`);
  assert.equal(asked.status, 302, output());
  const request = new URL(asked.headers.get("location"));
  assert.equal(request.searchParams.get("code_challenge_method"), "S256");
  const back = await admin.authorize(request, `${origin}/oauth2/callback`);
  const { response } = await admin.browser.visit(back.href);
  assert.equal(response.status, 200, output());
  const seen = await response.json();
  assert.equal(seen["x-forwarded-email"], admin.id);
  assert.equal(seen["x-forwarded-user"], admin.id);
  assert.equal(seen["x-forwarded-groups"], "Admin");

  const left = await admin.browser.fetch(`${origin}/oauth2/sign_out?rd=${encodeURIComponent(`${sigma.issuer}/api/auth/oauth2/end-session`)}`);
  assert.equal(left.headers.get("location"), `${sigma.issuer}/api/auth/oauth2/end-session`);
  assert.equal((await admin.browser.fetch(`${origin}/notes`)).status, 302, "signed out");

  const theirs = await member.browser.fetch(`${origin}/notes`);
  const refused = await member.authorize(theirs.headers.get("location"), `${origin}/oauth2/callback`);
  assert.equal((await member.browser.visit(refused.href)).response.status, 403, "a member without the role");
});
