//! A new device, on which nobody is signed in: the provider says who it is, the password opens the backup, and the identity
//! is back.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { decryptBackup } from "bitcoin-backup";
import { closeAll, closeDevice, inspect, leaks, openChromium, openDevice, traffic } from "./browser.mjs";
import { startDemo } from "./demo.mjs";
import { answer, ask, exchange, openPlayground, use } from "./playground.mjs";
import { startProvider } from "./provider.mjs";
import { allow, makeKey, password, unlock } from "./wallet.mjs";

let chromium;
let provider;
let demo;
let encrypted;
let pubkey;
before(async () => {
  chromium = await openChromium();
  provider = await startProvider();
  demo = await startDemo({ ...provider.environment, SIGMA__LANGUAGES__OFFERED: '["en", "de"]' });
});
after(() => closeAll(() => chromium?.close(), () => demo?.stop(), () => provider?.stop()));

/** Signs in to the Playground, where the session or the key on this device is enough; returns userinfo. */
async function visitPlayground(page) {
  await openPlayground(page, demo);
  await ask(page);
  await page.waitForURL((url) => url.pathname === "/consent" || url.origin === demo.playground);
  if (new URL(page.url()).pathname === "/consent") await allow(page);
  await answer(page, demo);
  const { failed } = await exchange(page);
  assert.deepEqual(failed, []);
  const { status, body } = await use(page, "Request userinfo", "userinfo");
  assert.equal(status, 200);
  return JSON.parse(body);
}

test("a key is created, its backup stored, and accounts elsewhere linked", async () => {
  const device = await openDevice(chromium, { acceptDownloads: true });
  const page = await device.context.newPage();
  await page.goto(`${demo.server}/signup`);
  encrypted = (await readFile(await makeKey(page, { keepCopy: true }), "utf8")).trim();
  await page.waitForURL(`${demo.server}/`);
  for (const name of ["Google", "GitHub"]) {
    await page.goto(`${demo.server}/account`);
    await page.getByRole("button", { name: `Link ${name}` }).click();
    await page.getByRole("link", { name: "Continue as Grace Hopper" }).click();
    await page.getByText("The account was linked.").waitFor();
  }
  pubkey = (await visitPlayground(page)).pubkey;
  await closeDevice(device);
});

for (const name of ["Google", "GitHub"]) {
  test(`a new device restores the key by way of ${name}, and signs in with it`, async () => {
    const device = await openDevice(chromium);
    const page = await device.context.newPage();
    await page.goto(`${demo.server}/login`);
    await page.getByRole("link", { name: "Restore your key with a linked account" }).click();
    await page.waitForURL(`${demo.server}/oauth-restore`);
    await inspect(page, `oauth-restore-${name.toLowerCase()}`);
    await page.getByRole("button", { name: `Continue with ${name}` }).click();
    await page.getByRole("link", { name: "Continue as Grace Hopper" }).click();
    await page.waitForURL(`${demo.server}/oauth-restore`);
    await page.getByText("grace@example.com").waitFor();
    const session = await page.evaluate(() => fetch("/api/auth/get-session").then((response) => response.json()));
    assert.equal(session, null, "the provider's word begins no session");
    await inspect(page, `oauth-restore-password-${name.toLowerCase()}`);
    await page.getByLabel("Backup password").fill("not the password");
    await page.getByRole("button", { name: "Open and sign in" }).click();
    await page.getByRole("alert").filter({ hasText: /password does not open/ }).waitFor();
    await page.getByLabel("Backup password").fill(password);
    await page.getByRole("button", { name: "Open and sign in" }).click();
    await page.waitForURL(`${demo.server}/`);
    assert.equal((await visitPlayground(page)).pubkey, pubkey);

    await device.context.clearCookies();
    await page.goto(`${demo.server}/login`);
    await unlock(page);
    await page.waitForURL(`${demo.server}/`);

    const backup = await decryptBackup(encrypted, password);
    const messages = await traffic(device);
    const secrets = { password, "root key": backup.rootPk, identities: backup.ids };
    assert.equal(messages.filter((message) => message.includes("/api/backup?oauthId=")).length, 1, "fetched once");
    assert.deepEqual(leaks(messages, secrets), []);
    assert.deepEqual(leaks([demo.output()], secrets), []);
    await closeDevice(device);
  });
}

test("an app that waits for the sign-in is where a restored key leads, in the language of its person", async () => {
  const device = await openDevice(chromium, { locale: "de-DE" });
  const page = await device.context.newPage();
  await openPlayground(page, demo);
  await ask(page);
  await page.getByRole("link", { name: "Schlüssel mit einem verknüpften Konto wiederherstellen" }).click();
  await page.waitForURL((url) => url.pathname === "/oauth-restore" && url.searchParams.has("interaction"));
  await page.getByRole("button", { name: /Google/ }).click();
  await page.getByRole("link", { name: "Continue as Grace Hopper" }).click();
  await page.waitForURL((url) => url.pathname === "/oauth-restore");
  await page.getByLabel("Passwort der Sicherung").fill("not the password");
  await page.getByRole("button", { name: "Öffnen und anmelden" }).click();
  await page.getByRole("alert").filter({ hasText: "Dieses Passwort öffnet den Schlüssel nicht." }).waitFor();
  await inspect(page, "oauth-restore-german");
  await page.getByLabel("Passwort der Sicherung").fill(password);
  await page.getByRole("button", { name: "Öffnen und anmelden" }).click();
  await answer(page, demo);
  assert.deepEqual((await exchange(page)).failed, []);
  await closeDevice(device);
});

test("a ticket that was used, or that another browser got, restores nothing", async () => {
  const device = await openDevice(chromium);
  device.expected.push(/status of 401/);
  const page = await device.context.newPage();
  await page.goto(`${demo.server}/oauth-restore`);
  await page.getByRole("button", { name: "Continue with Google" }).click();
  await page.getByRole("link", { name: "Continue as Grace Hopper" }).click();
  await page.getByLabel("Backup password").waitFor();
  const id = encodeURIComponent("google|1234567890");
  const fetchIt = (tab) => tab.evaluate((id) => fetch(`/api/backup?oauthId=${id}`).then(({ status }) => status), id);
  const other = await openDevice(chromium);
  other.expected.push(/status of 401/);
  const stranger = await other.context.newPage();
  await stranger.goto(`${demo.server}/oauth-restore`);
  assert.equal(await fetchIt(stranger), 401);
  assert.equal(await fetchIt(page), 200);
  assert.equal(await fetchIt(page), 401);
  await page.getByLabel("Backup password").fill(password);
  await page.getByRole("button", { name: "Open and sign in" }).click();
  await page.getByRole("alert").filter({ hasText: /took too long, or was done before/ }).waitFor();
  await page.getByRole("link", { name: "Start again" }).click();
  await page.getByRole("button", { name: "Continue with Google" }).waitFor();
  await closeDevice(other);
  await closeDevice(device);
});
