//! Passwords: forgotten, set by a link in a mail, changed. Without a script, on every screen.

import assert from "node:assert/strict";
import { readFile, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { closeAll, closeDevice, inspect, openChromium, openDevice } from "./browser.mjs";
import { startDemo } from "./demo.mjs";
import { PATIENCE } from "../support/sigma.mjs";
import { givePassword } from "./wallet.mjs";

const person = "ada@example.org";
const first = "four unrelated words here";
const second = "another set of four words";

let chromium;
let demo;
let device;
let page;
before(async () => {
  chromium = await openChromium();
  demo = await startDemo();
  // No page for passwords needs a script.
  device = await openDevice(chromium, { javaScriptEnabled: false });
  page = await device.context.newPage();
});
after(() => closeAll(() => device && closeDevice(device), () => chromium?.close(), () => demo?.stop()));

/** The next mail with that subject to the user, or to that address; consumes it. */
async function mailed(subject, to = person) {
  for (const deadline = Date.now() + PATIENCE; Date.now() < deadline; await delay(50)) {
    for (const file of await readdir(demo.mails).catch(() => [])) {
      const path = join(demo.mails, file);
      const mail = (await readFile(path, "utf8")).replace(/=\r?\n/g, "").replace(/=3D/g, "=");
      if (mail.includes(`To: ${to}`) && mail.includes(`Subject: ${subject}`)) {
        await rm(path);
        return mail;
      }
    }
  }
  throw new Error(`no mail "${subject}" came`);
}

async function fill(fields) {
  for (const [label, text] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(text);
}

/** Inspecting pages takes a script of the test's own, so scripts must be enabled. */
async function look(name) {
  const other = await openDevice(chromium, { storageState: await device.context.storageState() });
  other.expected.push(/status of 4\d\d/);
  const tab = await other.context.newPage();
  await tab.goto(page.url());
  await inspect(tab, name);
  await closeDevice(other);
}

/** Like `look`, for the response to a form, without reloading it. */
async function lookAtAnswer(name) {
  const html = await page.content();
  const url = page.url();
  const other = await openDevice(chromium);
  const tab = await other.context.newPage();
  await tab.route(url, async (route) => {
    const real = await route.fetch({ method: "GET" });
    await route.fulfill({ status: 200, headers: real.headers(), body: html });
  });
  await tab.goto(url);
  await inspect(tab, name);
  await closeDevice(other);
}

test("a forgotten password is reset by a mailed link", async () => {
  device.expected.push(/status of 4\d\d/);
  await page.goto(`${demo.server}/login`);
  await page.locator("summary", { hasText: "e-mail and password" }).click();
  await page.getByRole("link", { name: "Forgot your password?" }).click();
  await look("password-forgot");
  await fill({ "E-mail address": person });
  await page.getByRole("button", { name: "Send link" }).click();
  await page.getByRole("heading", { name: "Check your inbox" }).waitFor();
  await look("password-forgot-sent");
  const link = /\/password\/reset\?token=\w+/.exec(await mailed("Set a new password"))[0];
  await page.goto(demo.server + link);
  await look("password-reset");
  await fill({ "New password": first, "Repeat password": second });
  await page.getByRole("button", { name: "Set password" }).click();
  await page.getByRole("alert").filter({ hasText: "do not match" }).waitFor();
  await lookAtAnswer("password-reset-refused");
  await fill({ "New password": first, "Repeat password": first });
  await page.getByRole("button", { name: "Set password" }).click();
  await page.getByRole("status").filter({ hasText: "Your password has been set." }).waitFor();
  await look("password-saved");
  assert.match(await mailed("Your password for"), /was changed/);
  await page.goto(demo.server + link);
  await page.getByRole("heading", { name: "This link is no longer valid" }).waitFor();
  await look("password-link-gone");
});

test("changing a password takes the current one", async () => {
  await page.goto(`${demo.server}/account/password`);
  await look("password-account");
  await fill({ "Current password": second, "New password": second, "Repeat password": second });
  await page.getByRole("button", { name: "Change password" }).click();
  await page.getByRole("alert").filter({ hasText: "Incorrect password." }).waitFor();
  await fill({ "Current password": first, "New password": "password1", "Repeat password": "password1" });
  await page.getByRole("button", { name: "Change password" }).click();
  await page.getByRole("alert").filter({ hasText: "one of the most common" }).waitFor();
  await fill({ "Current password": first, "New password": second, "Repeat password": second });
  await page.getByRole("button", { name: "Change password" }).click();
  await page.getByRole("status").filter({ hasText: "Your password has been set." }).waitFor();
  await device.context.clearCookies();
  await page.goto(`${demo.server}/workspace/login`);
  await givePassword(page, person, second);
  await page.waitForURL(/\/workspace(\/org_.*)?$/);
});

test("an address is added by a mailed code and becomes the primary one, and the old one is removed", async () => {
  const work = "ada@work.example";
  const press = (name) => page.getByRole("button", { name, exact: true }).click();
  const done = (hasText) => page.getByRole("status").filter({ hasText }).waitFor();
  await page.goto(`${demo.server}/account`);
  await look("account");
  await fill({ "Add an address": work });
  await press("Send code");
  await look("account-code");
  const [code] = /\d{4} \d{4}/.exec(await mailed("Confirm your e-mail address", work));
  await fill({ Code: code === "0000 0000" ? "1111 1111" : "0000 0000" });
  await press("Confirm");
  await page.getByRole("alert").filter({ hasText: "That code is wrong." }).waitFor();
  await fill({ Code: code });
  await press("Confirm");
  await done("The address was added.");
  await look("account-added");
  assert.match(await mailed("Your account on"), /was added to/);
  await page.getByRole("button", { name: /^Make primary/ }).click();
  await done("Your primary address was changed.");
  await press(`Remove ${person}`);
  await done("The address was removed.");
  assert.equal(await page.getByRole("button", { name: /^Remove/ }).count(), 0, "the last address, and the only credential");
});

test("invalid links and invitations say so", async () => {
  await page.goto(`${demo.server}/invitation?token=none`);
  await page.getByRole("heading", { name: "This invitation is no longer valid" }).waitFor();
  await look("invitation-gone");
});
