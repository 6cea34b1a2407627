//! A single-page app by oidc-client-ts, as the guide shows it, from another origin than Sigma's: sign-in, userinfo,
//! refresh and sign-out across origins.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { freePort, startSigma } from "../support/sigma.mjs";
import { closeAll, closeDevice, openChromium, openDevice } from "./browser.mjs";
import { allow, makeKey } from "./wallet.mjs";

const modules = {
  "oidc-client-ts": "node_modules/oidc-client-ts/dist/esm/oidc-client-ts.js",
  "jwt-decode": "node_modules/jwt-decode/build/esm/index.js",
};
const page = `<!doctype html><html lang="en"><title>Notes</title><link rel="icon" href="data:,">
<script type="importmap">${JSON.stringify({ imports: Object.fromEntries(Object.keys(modules).map((name) => [name, `/${name}.js`])) })}</script>
<p id="person">Nobody</p>
<script type="module">
  import * as notes from "/spa.js";
  globalThis.notes = notes;
  const person = await notes.whoIsIt();
  if (person) document.querySelector("#person").textContent = person.profile.name + " " + person.profile.sub;
</script>`;

/** Serves the app at `/` and `/callback`, with the address of Sigma in place of the guide's. */
async function serveApp(issuer, port) {
  const example = await readFile(new URL("../../docs/examples/sign-in/spa.js", import.meta.url), "utf8");
  assert.ok(example.includes("https://id.example.org"));
  const scripts = { "/spa.js": example.replaceAll("https://id.example.org", issuer) };
  for (const [name, file] of Object.entries(modules)) {
    scripts[`/${name}.js`] = await readFile(new URL(file, import.meta.url), "utf8");
  }
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://app");
    const script = scripts[pathname];
    response.setHeader("Content-Type", script ? "text/javascript" : "text/html");
    response.end(script ?? (pathname === "/bye" ? "<!doctype html><title>Bye</title><p>Signed out" : page));
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  return { stop: () => new Promise((resolve) => (server.close(resolve), server.closeAllConnections())) };
}

let sigma;
let app;
let origin;
let chromium;
let device;
before(async () => {
  sigma = await startSigma();
  const port = await freePort();
  origin = `http://127.0.0.1:${port}`;
  const addresses = ["--redirect-uri", `${origin}/callback`, "--post-logout-redirect-uri", `${origin}/bye`];
  await sigma.admin("app", "add", "--client-id", "notes", "--name", "Notes", "--auth", "none", ...addresses);
  app = await serveApp(sigma.issuer, port);
  chromium = await openChromium();
  device = await openDevice(chromium, { acceptDownloads: true });
});
after(() => closeAll(() => device && closeDevice(device), () => chromium?.close(), () => app?.stop(), () => sigma?.stop()));

test("a single-page app signs a user in, refreshes and signs out across origins", async () => {
  const tab = await device.context.newPage();
  await tab.goto(`${sigma.issuer}/signup`);
  await makeKey(tab);
  await tab.getByText("You are signed in to").waitFor();
  await tab.goto(`${origin}/`);
  await allow(tab);
  await tab.waitForURL(`${origin}/`);
  const person = tab.locator("#person");
  await person.getByText(/^1\w+ user_\w+$/).waitFor();

  const first = await tab.evaluate(async () => (await globalThis.notes.whoIsIt()).access_token);
  const second = await tab.evaluate(async () => (await globalThis.notes.refresh()).access_token);
  assert.notEqual(second, first);

  await tab.evaluate(() => void globalThis.notes.signOut());
  await tab.waitForURL(`${origin}/bye`);
  await tab.getByText("Signed out").waitFor();
  await tab.goto(`${origin}/`);
  await tab.waitForURL(`${sigma.issuer}/login?**`);
});
