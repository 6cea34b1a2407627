//! A lost device: the encrypted backup that the server keeps brings the key to a new one, where it is opened.

import assert from "node:assert/strict";
import { readFile, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { decryptBackup } from "bitcoin-backup";
import { closeAll, closeDevice, inspect, leaks, openChromium, openDevice, traffic } from "./browser.mjs";
import { startDemo } from "./demo.mjs";
import { PATIENCE } from "../support/sigma.mjs";
import { answer, ask, exchange, openPlayground } from "./playground.mjs";
import { allow, givePassword, makeKey, password, unlock } from "./wallet.mjs";

const address = "grace@example.org";
const accountPassword = "four unrelated words here";

let chromium;
let demo;
let old;
let encrypted;
before(async () => {
  chromium = await openChromium();
  demo = await startDemo();
  old = await openDevice(chromium, { acceptDownloads: true });
});
after(() => closeAll(() => old && closeDevice(old), () => chromium?.close(), () => demo?.stop()));

/** The next mail with that subject; consumes it. */
async function mailed(subject) {
  for (const deadline = Date.now() + PATIENCE; Date.now() < deadline; await delay(50)) {
    for (const file of await readdir(demo.mails).catch(() => [])) {
      const path = join(demo.mails, file);
      const mail = (await readFile(path, "utf8")).replace(/=\r?\n/g, "").replace(/=3D/g, "=");
      if (!mail.includes(`To: ${address}`) || !mail.includes(subject)) continue;
      await rm(path);
      return mail;
    }
  }
  throw new Error(`no mail "${subject}" came`);
}

/** What the server's pages keep in this browser. */
async function kept(device) {
  const { origins } = await device.context.storageState();
  const items = origins.find(({ origin }) => origin === demo.server)?.localStorage ?? [];
  return Object.fromEntries(items.map(({ name, value }) => [name, value]));
}

test("the server keeps a copy of a new key once its owner agrees", async () => {
  const page = await old.context.newPage();
  await page.goto(`${demo.server}/signup`);
  encrypted = (await readFile(await makeKey(page, { keepCopy: true }), "utf8")).trim();
  await page.waitForURL(`${demo.server}/`);
  assert.equal((await kept(old)).encryptedBackup, encrypted);
  const status = await page.evaluate(() => fetch("/api/backup/status").then((response) => response.json()));
  assert.equal(status.hasCloudBackup, true);
  assert.equal(status.cloudBackupHash, JSON.parse((await kept(old)).sigmaServerCopy).hash);

  // Another way in, for the day when this device is lost.
  await page.goto(`${demo.server}/account`);
  await page.getByLabel("Add an address").fill(address);
  await page.getByRole("button", { name: "Send code" }).click();
  const [code] = (await mailed("Confirm your e-mail address")).match(/^\d{4} \d{4}/m);
  await page.getByLabel("Code").fill(code);
  await page.getByRole("button", { name: "Confirm" }).click();
  await page.goto(`${demo.server}/account/password`);
  const fields = page.locator("input[type=password]");
  for (let index = 0; index < (await fields.count()); index += 1) await fields.nth(index).fill(accountPassword);
  await page.locator("main form button[type=submit]").first().click();
  await page.waitForURL((url) => url.pathname === "/account/password" || url.pathname === "/");
});

test("the account page shows the backup and lets its owner download it", async () => {
  const page = await old.context.newPage();
  await page.goto(`${demo.server}/account`);
  await page.getByRole("link", { name: "Encrypted backups" }).click();
  await page.getByText("kept since").waitFor();
  await inspect(page, "account-backup");
  const button = page.getByRole("button", { name: "Download" }).first();
  const [download] = await Promise.all([page.waitForEvent("download"), button.click()]);
  assert.equal(await readFile(await download.path(), "utf8"), encrypted);
  await mailed("encrypted backup was retrieved");
});

test("on a new device the backup and its password bring the key back", async () => {
  const device = await openDevice(chromium);
  const page = await device.context.newPage();
  await page.goto(`${demo.server}/login`);
  await givePassword(page, address, accountPassword);
  await page.waitForURL(`${demo.server}/`);
  await page.goto(`${demo.server}/restore`);
  await page.getByLabel("Backup password").waitFor();
  await inspect(page, "restore");
  await page.getByLabel("Backup password").fill("not the password");
  await page.getByRole("button", { name: "Open and sign in" }).click();
  await page.getByRole("alert").filter({ hasText: /password does not open/ }).waitFor();
  await inspect(page, "restore-wrong-password");
  await page.getByLabel("Backup password").fill(password);
  await page.getByRole("button", { name: "Open and sign in" }).click();
  await page.waitForURL(`${demo.server}/`);
  assert.equal((await kept(device)).encryptedBackup, encrypted);

  await openPlayground(page, demo);
  await ask(page);
  await allow(page);
  await answer(page, demo);
  const { tokens, failed } = await exchange(page);
  assert.deepEqual(failed, []);
  assert.ok(tokens.id_token);

  // The key works on its own too.
  await device.context.clearCookies();
  await page.goto(`${demo.server}/login`);
  await unlock(page);
  await page.waitForURL(`${demo.server}/`);

  const backup = await decryptBackup(encrypted, password);
  const secrets = { password, "root key": backup.rootPk, identities: backup.ids };
  const messages = await traffic(device);
  assert.ok(messages.some((message) => message.includes("/api/backup?bapId=")), "the witness saw the retrieval");
  assert.equal(messages.filter((message) => message.includes("/api/backup?")).length, 1, "fetched once, tried twice");
  assert.deepEqual(leaks(messages, secrets), []);
  assert.deepEqual(leaks([demo.output()], secrets), []);
  await closeDevice(device);
});

test("a key that changed on its device is stored again when it signs in", async () => {
  const page = await old.context.newPage();
  const { encryptBackup } = await import("bitcoin-backup");
  const changed = await encryptBackup(await decryptBackup(encrypted, password), password);
  await page.goto(`${demo.server}/login?switch=1`);
  await page.evaluate((text) => localStorage.setItem("encryptedBackup", text), changed);
  await page.reload();
  await unlock(page);
  await page.waitForURL(`${demo.server}/`);
  const listed = await page.evaluate(() => fetch("/api/backup/versions").then((response) => response.json()));
  assert.equal(listed.versions.length, 2);
  assert.equal(listed.versions[0].hash, JSON.parse((await kept(old)).sigmaServerCopy).hash);

  await page.goto(`${demo.server}/account/backup`);
  await page.getByRole("button", { name: /^Restore/ }).click();
  await page.getByText("is the current one again").waitFor();
  await page.getByText("The key of this browser").waitFor();
  await inspect(page, "account-backup-versions");
  await page.getByRole("button", { name: "Store the encrypted key" }).click();
  await page.getByText("The backup was stored.").waitFor();
  await page.getByRole("button", { name: /^Remove/ }).click();
  await page.getByText("were removed").waitFor();
  const status = await page.evaluate(() => fetch("/api/backup/status").then((response) => response.json()));
  assert.equal(status.hasCloudBackup, false);
});

test("the page for a new device explains itself without an account elsewhere", async () => {
  const device = await openDevice(chromium);
  const page = await device.context.newPage();
  await page.goto(`${demo.server}/oauth-restore`);
  await page.getByRole("heading", { name: "Restore your key" }).waitFor();
  await inspect(page, "oauth-restore");
  await closeDevice(device);
});
