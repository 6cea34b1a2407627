//! The admin of a workspace: people, roles, API keys and settings, with a keyboard, on a phone, in the dark, without script.

import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { assertAccessible, closeAll, closeDevice, inspect, openChromium, openDevice, photograph } from "./browser.mjs";
import { startDemo } from "./demo.mjs";
import { PATIENCE } from "../support/sigma.mjs";
import { givePassword } from "./wallet.mjs";

let chromium;
let demo;
let device;
let page;
/** The address of the workspace's pages. */
let base;

/** Logs in by quick login, which the demo offers to everybody; returns the address of the workspace's pages. */
async function enter(tab, name, workspace = "Harbour Bakery") {
  await tab.goto(`${demo.server}/workspace/login`);
  await tab.getByRole("form", { name: workspace }).getByRole("button", { name: new RegExp(`^${name}`) }).click();
  await tab.waitForURL("**/workspace/org_*/*");
  return new URL(tab.url()).pathname.split("/").slice(0, 3).join("/");
}

/** Opens a confirmation and confirms it. */
async function confirm(tab, summary, button) {
  await tab.locator("summary", { hasText: summary }).click();
  await tab.getByRole("button", { name: button }).click();
}

/** The path of the invitation link mailed to an address. */
async function mailedLink(address, workspace) {
  for (const deadline = Date.now() + PATIENCE; Date.now() < deadline; await delay(50)) {
    for (const file of await readdir(demo.mails).catch(() => [])) {
      const mail = (await readFile(join(demo.mails, file), "utf8")).replace(/=\r?\n/g, "").replace(/=3D/g, "=");
      const link = /\/invitation\?token=\w+/.exec(mail);
      if (link && mail.includes(`To: ${address}`) && mail.includes(workspace)) return link[0];
    }
  }
  throw new Error(`no mail to ${address} came about ${workspace}`);
}

const go = (path, tab = page) => tab.goto(demo.server + base + path);
const notice = (words, tab = page) => tab.getByRole("status").filter({ hasText: words }).waitFor();
const refused = (words, tab = page) => tab.getByRole("alert").filter({ hasText: words }).waitFor();

before(async () => {
  chromium = await openChromium();
  demo = await startDemo();
  device = await openDevice(chromium, { permissions: ["clipboard-read", "clipboard-write"] });
  page = await device.context.newPage();
});
after(() => closeAll(() => device && closeDevice(device), () => chromium?.close(), () => demo?.stop()));

test("signed-out users can sign in by quick login, password or key", async () => {
  device.expected.push(/status of 40[139]/);
  await page.goto(`${demo.server}/workspace`);
  assert.equal(new URL(page.url()).pathname, "/login");
  await inspect(page, "workspace-login");
  await givePassword(page, "ada@example.org", "not the password");
  await refused("Incorrect e-mail address or password");
  await inspect(page, "workspace-login-wrong-password");
  await page.locator("summary", { hasText: "Sign in with your key" }).click();
  await page.getByRole("link", { name: "Create your key" }).first().waitFor();
  assert.equal(await page.locator("#wallet").getAttribute("data-continue-url"), "/workspace");
});

test("admins land on the members of the workspace", async () => {
  base = await enter(page, "Ada");
  await page.getByRole("heading", { name: "People" }).waitFor();
  await page.getByRole("table").waitFor();
  await inspect(page, "workspace-people");
});

test("an invitation is sent, found, resent and cancelled", async () => {
  await go("/people");
  await page.getByRole("link", { name: "Invite a member" }).click();
  await inspect(page, "workspace-invite");
  await page.getByLabel("E-mail address").fill("Finn@Bakery.Example");
  await page.getByLabel("Name").fill("Finn Doyle");
  await page.getByLabel("Role").selectOption("Member");
  await page.getByRole("button", { name: "Send invitation" }).click();
  await notice("was sent");
  await page.getByLabel("Find by e-mail address").fill("finn@bakery.example");
  await page.getByRole("button", { name: "Find" }).click();
  await page.getByRole("link", { name: "Finn Doyle" }).click();
  await inspect(page, "workspace-person-invited");
  await page.getByRole("button", { name: "Resend invitation" }).click();
  await notice("was sent");
  await confirm(page, "Cancel invitation", /Finn Doyle/);
  await notice("was removed");
  await page.getByLabel("Find by e-mail address").fill("finn@bakery.example");
  await page.keyboard.press("Enter");
  await page.getByText("No member has the e-mail address").waitFor();
  await inspect(page, "workspace-people-nobody");
});

test("a member changes roles, is deactivated and reactivated", async () => {
  await go("/people");
  await page.getByRole("link", { name: "Cleo Marsh" }).click();
  await page.getByLabel("Role").selectOption("Baker");
  await page.getByRole("button", { name: "Save" }).click();
  await notice("Saved");
  await page.locator("summary", { hasText: "Remove from workspace" }).click();
  await inspect(page, "workspace-person");
  await confirm(page, "Deactivate", "Deactivate Cleo Marsh");
  await notice("Deactivated");
  await inspect(page, "workspace-person-inactive");
  await page.getByRole("button", { name: "Activate" }).click();
  await notice("Activated");
});

test("the last admin cannot be removed", async () => {
  await go("/people");
  await page.getByRole("link", { name: "Ada Weaver" }).click();
  await confirm(page, "Remove from workspace", /Ada Weaver/);
  await refused("must keep a member");
  await inspect(page, "workspace-person-refused");
});

test("a role is created line by line, changed, and not deleted while in use", async () => {
  await go("/roles");
  await inspect(page, "workspace-roles");
  await page.getByRole("link", { name: "Create role" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Bookkeeper");
  await page.getByLabel("Export data").check();
  await page.getByLabel("Id of schema 1", { exact: true }).fill("recipe");
  await page.getByLabel("Attribute 1 of schema 1").fill("cost");
  await page.getByLabel("Level").first().selectOption("Write");
  await page.getByRole("button", { name: "Add lines" }).first().click();
  // Nothing is saved or lost yet, and there are more lines.
  assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), "Bookkeeper");
  assert.equal(await page.getByLabel("Attribute 1 of schema 1").inputValue(), "cost");
  await page.getByLabel("Attribute 3 of schema 1").fill("supplier");
  await page.getByLabel("Level").nth(2).selectOption("Hidden");
  await page.getByLabel("Id of catalog 1", { exact: true }).fill("ingredients");
  await page.getByRole("group", { name: "Catalog 1" }).getByLabel("View").check();
  await inspect(page, "workspace-role-new");
  await page.getByRole("button", { name: "Save role" }).click();
  await notice("The role was created");
  await page.getByRole("link", { name: "Bookkeeper" }).click();
  assert.equal(await page.getByLabel("Attribute 2 of schema 1").inputValue(), "supplier");
  // Enter saves, although "Add lines" stands first.
  await page.getByLabel("Description").fill("Sees what things cost");
  await page.keyboard.press("Enter");
  await notice("Saved");
  await page.getByText("Sees what things cost", { exact: true }).waitFor();
  await page.getByRole("link", { name: "Baker", exact: true }).click();
  await confirm(page, "Delete role", "Delete Baker");
  await refused("The role is in use");
  await inspect(page, "workspace-role");
});

test("a key is shown once, copied, used, and deactivated", async () => {
  await go("/keys");
  await inspect(page, "workspace-keys-none");
  await page.getByRole("link", { name: "Create API key" }).click();
  await page.getByLabel("Name").fill("Nightly import");
  await page.getByLabel("Change data").check();
  await inspect(page, "workspace-key-new");
  await page.getByRole("button", { name: "Create key" }).click();
  const key = await page.getByLabel("API key", { exact: true }).inputValue();
  assert.match(key, /^sigma_sk_live_[0-9A-Za-z]{38}$/);
  await page.getByRole("button", { name: "Copy" }).click();
  await notice("Copied");
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), key);
  await assertAccessible(page, "workspace-key-made");
  // The screenshot must not show a key that ever worked.
  await page.getByLabel("API key", { exact: true }).evaluate((field) => (field.value = `sigma_sk_live_${"example".repeat(6).slice(0, 38)}`));
  await photograph(page, "workspace-key-made");
  const me = () => fetch(`${demo.server}/api/v1/auth/me`, { headers: { "X-Sigma-ApiKey": key } });
  assert.equal((await me()).status, 200);
  await page.getByRole("link", { name: "I have copied it" }).click();
  await inspect(page, "workspace-keys");
  await page.getByRole("link", { name: "Nightly import" }).click();
  assert.equal((await page.content()).includes(key), false);
  await inspect(page, "workspace-key");
  await confirm(page, "Deactivate", "Deactivate Nightly import");
  await notice("Deactivated");
  assert.equal((await me()).status, 401);
  await confirm(page, "Delete", "Delete Nightly import");
  await page.getByText("There are no keys yet").waitFor();
});

test("settings are saved, and the secret is rotated after confirmation", async () => {
  await go("/settings");
  await inspect(page, "workspace-settings");
  const kid = () => page.locator("dt", { hasText: "(kid)" }).locator("+ dd").innerText();
  const before = await kid();
  await page.getByLabel("Name").fill("Harbour Bakery & Café");
  await page.getByRole("button", { name: "Save" }).click();
  await notice("Saved");
  await page.getByText("Harbour Bakery & Café").first().waitFor();
  await confirm(page, "Rotate secret", "Rotate secret now");
  await notice("new secret");
  assert.notEqual(await kid(), before);
  await page.getByLabel("Name").fill("Harbour Bakery");
  await page.getByRole("button", { name: "Save" }).click();
  await notice("Saved");
});

test("members without permissions see the roles but cannot change them", async () => {
  const other = await openDevice(chromium);
  other.expected.push(/status of 403/);
  const tab = await other.context.newPage();
  const library = await enter(tab, "Ada", "Night Library");
  await tab.getByRole("heading", { name: "Roles" }).waitFor();
  assert.deepEqual(await tab.getByRole("navigation", { name: "Workspace" }).getByRole("link").allInnerTexts(), ["Roles", "Settings"]);
  await tab.getByRole("link", { name: "Librarian" }).click();
  assert.equal(await tab.getByLabel("Name", { exact: true }).isDisabled(), true);
  await inspect(tab, "workspace-role-locked");
  await tab.goto(`${demo.server}${library}/people`);
  await tab.getByRole("heading", { name: "Your role does not give you access to this page" }).waitFor();
  await inspect(tab, "workspace-denied");
  await tab.goto(`${demo.server}${library}/settings`);
  await inspect(tab, "workspace-settings-locked");
  await closeDevice(other);
});

test("everything works without script", async () => {
  const plain = await openDevice(chromium, { javaScriptEnabled: false });
  const tab = await plain.context.newPage();
  await enter(tab, "Ada");
  await go("/roles/new", tab);
  await tab.getByLabel("Name", { exact: true }).fill("Apprentice");
  await tab.getByRole("button", { name: "Add lines" }).first().click();
  await tab.getByRole("button", { name: "Save role" }).click();
  await notice("The role was created", tab);
  await tab.getByRole("link", { name: "Apprentice" }).click();
  await confirm(tab, "Delete role", "Delete Apprentice");
  await notice("Deleted", tab);
  await go("/keys/new", tab);
  await tab.getByLabel("Name").fill("No script");
  await tab.getByRole("button", { name: "Create key" }).click();
  assert.match(await tab.getByLabel("API key", { exact: true }).inputValue(), /^sigma_sk_live_/);
  assert.equal(await tab.getByRole("button", { name: "Copy" }).count(), 0);
  await closeDevice(plain);
});

test("deactivating a member works with the keyboard alone", async () => {
  await go("/people");
  const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim() ?? "");
  const tabTo = async (words) => {
    for (let presses = 0; presses < 60; presses += 1) {
      await page.keyboard.press("Tab");
      if ((await focused()) === words) return page.keyboard.press("Enter");
    }
    assert.fail(`the focus never came to ${words}`);
  };
  await tabTo("Ben Okafor");
  await page.getByRole("heading", { name: "Ben Okafor" }).waitFor();
  await tabTo("Deactivate");
  await tabTo("Deactivate Ben Okafor");
  await notice("Deactivated");
});

test("pages of other sites cannot act with an admin's cookies", async () => {
  const action = `${demo.server}${base}/settings`;
  const trap = `<form method="post" action="${action}"><input name="name" value="Taken"><button>Win</button></form>`;
  const site = createServer((_, response) => response.setHeader("content-type", "text/html").end(trap));
  await new Promise((resolve) => site.listen(0, "127.0.0.1", resolve));
  const tab = await device.context.newPage();
  await tab.goto(`http://127.0.0.1:${site.address().port}/`);
  await tab.getByRole("button", { name: "Win" }).click();
  await tab.waitForURL(`${demo.server}/**`);
  await tab.close();
  site.close();
  await go("/settings");
  assert.equal(await page.getByLabel("Name").inputValue(), "Harbour Bakery");
});

test("a user invited twice has one account and switches between workspaces", async () => {
  const person = { email: "finn@harbour.example", name: "Finn Doyle", password: "correct horse battery staple" };
  const invite = async (tab) => {
    await tab.getByRole("link", { name: "Invite a member" }).click();
    await tab.getByLabel("E-mail address").fill(person.email);
    await tab.getByLabel("Name").fill("Somebody");
    await tab.getByRole("button", { name: "Send invitation" }).click();
    await notice("was sent", tab);
  };
  const finn = await openDevice(chromium);
  const tab = await finn.context.newPage();
  await go("/people");
  await invite(page);
  await tab.goto(demo.server + (await mailedLink(person.email, "Harbour Bakery")));
  await tab.getByLabel("Display name").fill(person.name);
  await tab.getByLabel("Password", { exact: true }).fill(person.password);
  await tab.getByLabel("Repeat password").fill(person.password);
  await tab.getByRole("button", { name: "Join" }).click();
  await tab.getByRole("heading", { name: "Roles" }).waitFor();

  const other = await openDevice(chromium);
  const admin = await other.context.newPage();
  await enter(admin, "Dora", "Night Library");
  await invite(admin);
  await closeDevice(other);
  await tab.goto(demo.server + (await mailedLink(person.email, "Night Library")));
  await tab.getByRole("button", { name: "Accept invitation" }).click();
  await tab.getByRole("heading", { name: "Your workspaces" }).waitFor();
  await inspect(tab, "workspace-chooser");
  await tab.getByRole("link", { name: /Night Library/ }).click();
  await tab.locator("summary", { hasText: "Night Library" }).click();
  await inspect(tab, "workspace-switcher");
  await tab.getByRole("link", { name: "Harbour Bakery" }).click();
  await tab.getByText(`${person.name} · Member`).waitFor();
  await tab.getByRole("button", { name: "Sign out" }).click();

  await givePassword(tab, "Finn@Harbour.Example", person.password);
  await tab.getByRole("heading", { name: "Your workspaces" }).waitFor();
  await closeDevice(finn);
});

test("signing out ends access", async () => {
  await go("/people");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in to your workspace" }).waitFor();
  await go("/people");
  assert.equal(new URL(page.url()).pathname, "/login");
});
