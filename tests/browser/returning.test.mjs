//! Returning users: on the same device, on a new one, in two tabs, and to apps with various prompts.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { closeAll, closeDevice, inspect, openChromium, openDevice } from "./browser.mjs";
import { startDemo } from "./demo.mjs";
import { answer, ask, exchange, openPlayground } from "./playground.mjs";
import { allow, importBackup, makeKey, password, unlock } from "./wallet.mjs";

let chromium;
let demo;
let device;
let page;
let backup;
let sub;

/** The claims of a JWT; the Playground has verified it. */
const claims = (jwt) => JSON.parse(Buffer.from(jwt.split(".")[1], "base64url").toString());

/** Completes a sign-in up to the tokens; `steps` handles the pages. */
async function signIn(tab, parameters, steps) {
  await openPlayground(tab, demo, parameters);
  await ask(tab);
  await steps(tab);
  const { received, sent } = await answer(tab, demo);
  assert.equal(received.error, undefined, JSON.stringify(received));
  assert.equal(received.state, sent.state);
  const { tokens, failed } = await exchange(tab);
  assert.deepEqual(failed, []);
  return claims(tokens.id_token);
}

/** Ends the session at the server; the key stays on the device. */
async function signOut() {
  await device.context.clearCookies();
}

/** Signs in again, whatever the previous test left behind. */
async function signedIn() {
  await signOut();
  return signIn(page, {}, () => unlock(page));
}

before(async () => {
  chromium = await openChromium();
  demo = await startDemo();
  device = await openDevice(chromium, { acceptDownloads: true });
  page = await device.context.newPage();
  const id = await signIn(page, {}, async () => {
    await page.getByRole("link", { name: "Create your key" }).click();
    backup = await makeKey(page);
    await allow(page);
  });
  sub = id.sub;
});
after(() => closeAll(() => device && closeDevice(device), () => chromium?.close(), () => demo?.stop()));

test("a wrong password fails, the right one signs in, and consent is remembered", async () => {
  await signOut();
  const id = await signIn(page, {}, async () => {
    await page.waitForURL(`${demo.server}/login?**`);
    await unlock(page, "not the password");
    await page.getByRole("alert").filter({ hasText: /password/i }).waitFor();
    await inspect(page, "login-wrong-password");
    await unlock(page);
  });
  assert.equal(id.sub, sub);
});

test("signing in works with the keyboard alone", async () => {
  await signOut();
  const id = await signIn(page, { prompt: "consent" }, async () => {
    await page.waitForURL(`${demo.server}/login?**`);
    await page.getByRole("button", { name: "Unlock and sign in" }).waitFor();
    // The field has the focus when the page opens.
    await page.keyboard.type(password);
    await page.keyboard.press("Enter");
    await page.waitForURL("**/consent?**");
    for (let presses = 0; presses < 40; presses += 1) {
      await page.keyboard.press("Tab");
      if (await page.evaluate(() => document.activeElement?.textContent?.trim() === "Allow")) break;
    }
    await page.keyboard.press("Enter");
  });
  assert.equal(id.sub, sub);
});

test("a backup file brings the key to a new device", async () => {
  const other = await openDevice(chromium);
  const tab = await other.context.newPage();
  const id = await signIn(tab, {}, async () => {
    await tab.waitForURL(`${demo.server}/login?**`);
    await importBackup(tab, backup);
  });
  assert.equal(id.sub, sub);
  await other.context.clearCookies();
  const again = await signIn(tab, {}, () => unlock(tab));
  assert.equal(again.sub, sub);
  await closeDevice(other);
});

test("two concurrent tabs do not interfere", async () => {
  await signOut();
  const second = await device.context.newPage();
  await openPlayground(page, demo, { scope: "openid" });
  await openPlayground(second, demo, { scope: "openid profile" });
  await ask(page);
  await page.waitForURL(`${demo.server}/login?**`);
  await ask(second);
  await second.waitForURL(`${demo.server}/login?**`);
  await unlock(second);
  const later = await answer(second, demo);
  await unlock(page);
  const earlier = await answer(page, demo);
  assert.equal(later.received.state, later.sent.state);
  assert.equal(earlier.received.state, earlier.sent.state);
  assert.notEqual(later.received.state, earlier.received.state);
  assert.equal((await exchange(second)).tokens.scope, "openid profile");
  assert.equal((await exchange(page)).tokens.scope, "openid");
  await second.close();
});

test("prompt=none returns a code or login_required at once", async () => {
  await signedIn();
  const id = await signIn(page, { prompt: "none" }, () => {});
  assert.equal(id.sub, sub);
  await signOut();
  await openPlayground(page, demo, { prompt: "none" });
  await ask(page);
  const { received } = await answer(page, demo);
  assert.equal(received.error, "login_required");
});

test("prompt=login asks signed-in users for the password", async () => {
  const first = await signedIn();
  const id = await signIn(page, { prompt: "login" }, async () => {
    await page.waitForURL(`${demo.server}/login?**`);
    await page.getByRole("heading", { name: "Confirm that it is you" }).waitFor();
    await inspect(page, "login-again");
    await unlock(page);
  });
  assert.equal(id.sub, sub);
  assert.ok(id.auth_time >= first.auth_time);
  const fresh = await signIn(page, { max_age: "0" }, () => unlock(page));
  assert.ok(fresh.auth_time >= id.auth_time);
});

test("prompt=select_account offers a choice of accounts", async () => {
  await signedIn();
  const id = await signIn(page, { prompt: "select_account" }, async () => {
    await page.getByRole("heading", { name: /Choose an account for/ }).waitFor();
    await inspect(page, "select-account");
    await page.getByRole("button", { name: /continue with this account/ }).click();
  });
  assert.equal(id.sub, sub);
});

test("signing out of the app ends the session at the server", async () => {
  await signedIn();
  await page.goto(demo.server);
  await page.getByText("You are signed in to").waitFor();
  await inspect(page, "welcome-signed-in");
  await signIn(page, {}, () => {});
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByText("Signed out: the browser returned to").waitFor();
  await page.goto(demo.server);
  await page.getByRole("link", { name: "Create your key" }).waitFor();
});
