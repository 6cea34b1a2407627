//! Pages outside the sign-in flow, and what every page refuses.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { closeAll, closeDevice, inspect, openChromium, openDevice } from "./browser.mjs";
import { startDemo } from "./demo.mjs";

let chromium;
let demo;
let device;
let page;
before(async () => {
  chromium = await openChromium();
  demo = await startDemo();
  device = await openDevice(chromium);
  page = await device.context.newPage();
});
after(() => closeAll(() => device && closeDevice(device), () => chromium?.close(), () => demo?.stop()));

for (const [name, path, shown] of [
  ["welcome", "/", "text=Use any OpenID Connect library with this issuer."],
  ["login", "/login", "text=Open and sign in"],
  ["signup", "/signup", "text=Create my key"],
  ["api-reference", "/api/auth/reference", ".opblock >> nth=0"],
  ["signed-out-confirmation", "/api/auth/oauth2/end-session", "text=You are signed out"],
]) {
  test(`${path} is accessible, logs no errors and fits every screen`, async () => {
    await page.goto(demo.server + path);
    // Content drawn by script appears after the page.
    await page.locator(shown).waitFor();
    await inspect(page, name);
  });
}

test("the error page shows our own words, whatever the address says", async () => {
  device.expected.push(/status of 4\d\d/);
  const attack = "<img src=x onerror=alert(1)>";
  const query = new URLSearchParams({ error: "invalid_redirect", error_description: attack });
  await page.goto(`${demo.server}/error?${query}`);
  assert.equal((await page.content()).includes("<img src=x"), false);
  await inspect(page, "error");
  await page.goto(`${demo.server}/oauth2/authorize?client_id=unknown&redirect_uri=https%3A%2F%2Fexample.org&response_type=code`);
  assert.equal(new URL(page.url()).origin, demo.server);
  await inspect(page, "error-unknown-app");
  await page.goto(`${demo.server}/no/such/page`);
  await inspect(page, "not-found");
});

test("pages cannot be framed", async (t) => {
  const framed = ["/", "/login", "/signup", "/consent", "/error", "/api/auth/reference"];
  const frames = framed.map((path) => `<iframe src="${demo.server}${path}"></iframe>`).join("");
  const host = createServer((_, response) => response.setHeader("content-type", "text/html").end(frames));
  await new Promise((resolve) => host.listen(0, "127.0.0.1", resolve));
  const other = await openDevice(chromium);
  t.after(() => closeAll(() => other.context.close(), () => host.close()));
  const tab = await other.context.newPage();
  await tab.goto(`http://127.0.0.1:${host.address().port}/`, { waitUntil: "load" });
  const inside = tab.frames().filter((frame) => frame !== tab.mainFrame());
  await Promise.all(inside.map((frame) => frame.waitForURL(({ href }) => href !== "about:blank", { waitUntil: "commit" })));
  assert.deepEqual(inside.map((frame) => frame.url()), framed.map(() => "chrome-error://chromewebdata/"));
});
