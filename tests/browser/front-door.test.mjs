//! The sign-in page for somebody with only a password, from the Playground: sign-in, sign-in again, two tabs, a session that
//! ends before "Allow", a second click. And what the page offers first.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { closeAll, closeDevice, inspect, openChromium, openDevice } from "./browser.mjs";
import { startDemo } from "./demo.mjs";
import { answer, ask, exchange, openPlayground } from "./playground.mjs";
import { allow, givePassword, password } from "./wallet.mjs";

const person = "nora@example.org";

let chromium;
let demo;
before(async () => {
  chromium = await openChromium();
  demo = await startDemo();
  await demo.admin(`${password}\n`, "user", "add", "--email", person, "--name", "Nora Field", "--password-stdin");
});
after(() => closeAll(() => chromium?.close(), () => demo?.stop()));

/** A browser that has never been here, with a page. */
async function newcomer(options) {
  const device = await openDevice(chromium, options);
  device.expected.push(/status of 40[01]/);
  return { device, page: await device.context.newPage() };
}

/** Asks by the Playground; ends on the page that the server shows. */
async function come(page, parameters) {
  await openPlayground(page, demo, parameters);
  await ask(page);
  await page.waitForURL(`${demo.server}/**`);
}

/** The claims of the id token that came of it. */
async function signedIn(page) {
  const { received, sent } = await answer(page, demo);
  assert.equal(received.error, undefined, JSON.stringify(received));
  assert.equal(received.state, sent.state);
  const { tokens, failed } = await exchange(page);
  assert.deepEqual(failed, []);
  return JSON.parse(Buffer.from(tokens.id_token.split(".")[1], "base64url").toString());
}

test("a password-only user signs in from an app, and again when the app requires it", async () => {
  const { device, page } = await newcomer();
  await come(page);
  await page.getByRole("heading", { name: "Sign in to" }).waitFor();
  await inspect(page, "login");
  await page.locator("summary", { hasText: "e-mail and password" }).click();
  await inspect(page, "login-password-open");
  await givePassword(page, person, "not the password");
  await page.getByRole("alert").filter({ hasText: "Incorrect" }).waitFor();
  await inspect(page, "login-password-wrong");
  await givePassword(page, person);
  await allow(page);
  const first = await signedIn(page);
  assert.deepEqual(first.amr, ["pwd"]);

  for (const demand of [{ prompt: "login" }, { max_age: "0" }]) {
    await come(page, demand);
    await page.getByRole("heading", { name: "Confirm that it is you" }).waitFor();
    assert.equal(await page.locator("#wallet").count(), 0, "the account has no key");
    assert.equal(await page.getByLabel("E-mail address").inputValue(), person);
    await inspect(page, "login-password-again");
    await givePassword(page, person);
    const again = await signedIn(page);
    assert.equal(again.sub, first.sub);
    assert.ok(again.auth_time >= first.auth_time);
  }
  await closeDevice(device);
});

test("the method that worked last comes first", async () => {
  const { device, page } = await newcomer();
  await page.goto(`${demo.server}/login`);
  assert.equal(await page.getByLabel("Password", { exact: true }).isVisible(), false);
  await givePassword(page, person);
  await page.getByText("You are signed in to").waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.goto(`${demo.server}/login`);
  await page.getByLabel("E-mail address").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.id), "email");
  await inspect(page, "login-password-first");
  await closeDevice(device);
});

test("a waiting tab continues on reload", async () => {
  const { device, page } = await newcomer();
  const second = await device.context.newPage();
  await come(page, { prompt: "consent" });
  await come(second, { prompt: "consent" });
  await givePassword(second, person);
  await second.waitForURL("**/consent?**");
  await page.reload();
  await page.waitForURL("**/consent?**");
  await allow(page);
  await signedIn(page);
  await allow(second);
  await signedIn(second);
  await closeDevice(device);
});

test("consent after the session ended leads to sign-in and the same request", async () => {
  for (const javaScriptEnabled of [true, false]) {
    const { device, page } = await newcomer();
    await come(page, { prompt: "consent" });
    const consent = await openDevice(chromium, { javaScriptEnabled });
    consent.expected.push(/status of 40[01]/);
    const tab = await consent.context.newPage();
    await tab.goto(page.url());
    await givePassword(tab, person);
    await tab.waitForURL("**/consent?**");
    const other = await consent.context.newPage();
    await other.goto(demo.server);
    await other.getByRole("button", { name: "Sign out" }).click();
    await tab.getByRole("button", { name: "Allow" }).click();
    await tab.waitForURL("**/login?**");
    await tab.getByRole("heading", { name: "Sign in to" }).waitFor();
    await givePassword(tab, person);
    await tab.waitForURL("**/consent?**");
    await tab.getByRole("button", { name: "Allow" }).click();
    await tab.waitForURL((url) => url.origin === demo.playground);
    await closeDevice(consent);
    await closeDevice(device);
  }
});

test("a second submission gets a page that continues", async () => {
  const { device, page } = await newcomer({ javaScriptEnabled: true });
  await come(page, { prompt: "consent" });
  await givePassword(page, person);
  await page.waitForURL("**/consent?**");
  const url = page.url();
  // The answer of the first click never arrives, as when a second one is faster.
  const html = await page.content();
  await page.route("**/api/auth/oauth2/consent**", async (route) => {
    await route.fetch({ maxRedirects: 0 });
    await route.fulfill({ status: 200, contentType: "text/html", body: html });
  });
  await page.getByRole("button", { name: "Allow" }).click();
  await page.waitForLoadState("load");
  await page.unroute("**/api/auth/oauth2/consent**");
  assert.ok(url.includes("/consent?"));
  await page.getByRole("button", { name: "Allow" }).click();
  await page.getByRole("heading", { name: "You have already answered" }).waitFor();
  await inspect(page, "answered-twice");
  await page.getByRole("link", { name: /^Continue to/ }).click();
  await allow(page);
  await page.waitForURL((address) => address.origin === demo.playground);
  await closeDevice(device);
});

test("quick logins appear only on the sign-in page for workspaces", async () => {
  const { device, page } = await newcomer();
  await page.goto(`${demo.server}/workspace`);
  await page.getByText("Quick login is enabled.").waitFor();
  await inspect(page, "login-quick");
  const bakery = page.getByRole("form", { name: "Harbour Bakery" });
  await bakery.getByRole("button", { name: /^Ada/ }).click();
  await page.waitForURL("**/workspace/org_*/*");
  await device.context.clearCookies();
  await page.goto(`${demo.server}/login`);
  await page.getByRole("heading", { name: "Sign in", exact: true }).waitFor();
  assert.equal(await page.getByText("Quick login is enabled.").count(), 0);
  await closeDevice(device);
});

test("dead ends are explained in words", async () => {
  const { device, page } = await newcomer();
  device.expected.push(/status of 4\d\d/);
  for (const [name, path] of [
    ["sign-in-ended", "/login?interaction=nonsense"],
    ["not-a-page", "/login/quick/nothing"],
    ["form-alone", "/sign-out"],
    ["redirect-unknown", "/error?error=invalid_redirect&request_id=req_x"],
  ]) {
    await page.goto(demo.server + path);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await inspect(page, name);
  }
  await closeDevice(device);
});
