//! Next.js with Auth.js 5, the app that the guide shows (NEXTJS is its directory, built by `make clients`).

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { freePort, startSigma } from "../support/sigma.mjs";
import { start } from "./program.mjs";
import { makeTeam } from "./team.mjs";

const directory = process.env.NEXTJS;

test("a Next.js app signs a person in, and knows their role", { skip: !directory && "NEXTJS is not built" }, async (t) => {
  const sigma = await startSigma();
  t.after(() => sigma.stop());
  const { id: workspace, admin } = await makeTeam(sigma, "bakery");
  const port = await freePort();
  // Next.js calls 127.0.0.1 localhost, also in the redirect URI.
  const origin = `http://localhost:${port}`;
  const callback = `${origin}/api/auth/callback/sigma`;
  const options = ["--client-id", "shop", "--name", "Shop", "--workspace", workspace, "--scope", "openid profile roles"];
  const { client_secret: SIGMA_SECRET } = await sigma.admin("app", "add", ...options, "--redirect-uri", callback);
  const environment = {
    SIGMA_ISSUER: sigma.issuer,
    SIGMA_CLIENT_ID: "shop",
    SIGMA_SECRET,
    AUTH_SECRET: "the application's own secret",
    AUTH_URL: origin,
    NEXT_TELEMETRY_DISABLED: "1",
  };
  const next = join(directory, "node_modules/next/dist/bin/next");
  const args = [next, "start", "--hostname", "127.0.0.1", "--port", String(port)];
  const output = await start(t, origin, process.execPath, args, { cwd: directory, env: { ...process.env, ...environment } });

  const page = await (await admin.browser.fetch(origin)).text();
  const [, action] = /<input type="hidden" name="(\$ACTION_ID_\w+)"/.exec(page) ?? assert.fail(page);
  // The button, as a browser without scripts sends it.
  const boundary = "the-form";
  const form = `--${boundary}\r\nContent-Disposition: form-data; name="${action}"\r\n\r\n\r\n--${boundary}--\r\n`;
  const pressed = await admin.browser.post(origin, form, { "content-type": `multipart/form-data; boundary=${boundary}` });
  assert.equal(pressed.status, 303, output());
  const request = new URL(pressed.headers.get("location"));
  assert.equal(request.searchParams.get("code_challenge_method"), "S256");
  const back = await admin.authorize(request, callback);
  const { response } = await admin.browser.visit(back.href);
  const text = (await response.text()).replace(/<!-- -->/g, "");
  assert.ok(text.includes(`${admin.id}, Admin`), `${text}\n${output()}`);
});
