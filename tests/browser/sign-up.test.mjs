//! A new user creates a key, signs in to the Playground and sees the tokens; key and password never leave the browser.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { PrivateKey } from "@bsv/sdk";
import { decryptBackup } from "bitcoin-backup";
import { closeAll, closeDevice, inspect, leaks, openChromium, openDevice, traffic } from "./browser.mjs";
import { startDemo } from "./demo.mjs";
import { answer, ask, exchange, openPlayground, use } from "./playground.mjs";
import { allow, password } from "./wallet.mjs";

let chromium;
let demo;
before(async () => {
  chromium = await openChromium();
  demo = await startDemo();
});
after(() => closeAll(() => chromium?.close(), () => demo?.stop()));

test("sign-up, consent, callback, tokens; the server never sees key or password", async () => {
  const device = await openDevice(chromium, { acceptDownloads: true });
  const page = await device.context.newPage();

  await openPlayground(page, demo);
  await inspect(page, "playground");
  await ask(page);

  await page.waitForURL(`${demo.server}/login?**`);
  await inspect(page, "login-new-device");
  await page.getByRole("link", { name: "Create your key" }).click();

  await page.waitForURL(`${demo.server}/signup?**`);
  const [first, second] = [page.getByLabel("Password", { exact: true }), page.getByLabel("Repeat password")];
  const make = page.getByRole("button", { name: "Create my key" });
  const alert = page.getByRole("alert");
  await first.fill("short");
  await second.fill("short");
  await make.click();
  await alert.filter({ hasText: "at least 8 characters" }).waitFor();
  await first.fill(password);
  await second.fill(`${password}!`);
  await make.click();
  await alert.filter({ hasText: "do not match" }).waitFor();
  await inspect(page, "signup-password");
  await second.fill(password);
  await make.click();

  const link = page.getByRole("link", { name: "Download the backup file" });
  await link.waitFor();
  await inspect(page, "signup-backup");
  const [saved, goOn] = [page.getByLabel("I have saved the file"), page.getByRole("button", { name: "Continue" })];
  assert.equal(await saved.isDisabled(), true);
  assert.equal(await goOn.isDisabled(), true);
  const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
  assert.equal(await goOn.isDisabled(), true);
  await saved.check();
  const encrypted = await readFile(await download.path(), "utf8");
  await page.getByLabel("Also keep an encrypted copy").check();
  await goOn.click();

  await page.waitForURL(`${demo.server}/consent?**`);
  await page.getByText("Recognise you").waitFor();
  await inspect(page, "consent");
  await allow(page);

  const { received, sent } = await answer(page, demo);
  assert.equal(received.state, sent.state);
  assert.equal(received.iss, demo.server);
  const { tokens, failed } = await exchange(page);
  assert.deepEqual(failed, []);
  assert.ok(tokens.access_token && tokens.id_token);
  await inspect(page, "playground-tokens");

  const who = await use(page, "Request userinfo", "userinfo");
  assert.equal(who.status, 200);
  const person = JSON.parse(who.body);
  const refreshed = await use(page, "Refresh the tokens", "refresh");
  assert.equal(refreshed.status, 200);
  const revoked = await use(page, "Revoke", "revoke");
  assert.equal(revoked.status, 200);

  const storage = await page.context().storageState();
  const kept = storage.origins.find(({ origin }) => origin === demo.server).localStorage;
  const backup = await decryptBackup(encrypted.trim(), password);
  const root = PrivateKey.fromWif(backup.rootPk);
  const member = root.deriveChild(root.toPublicKey(), "bap:0");
  assert.equal(person.pubkey, member.toPublicKey().toString());
  const secrets = {
    password,
    "root key (WIF)": backup.rootPk,
    "root key": Buffer.from(root.toArray("be", 32)),
    "member key (WIF)": member.toWif(),
    "member key": Buffer.from(member.toArray("be", 32)),
    "identities of the backup": backup.ids,
    "decrypted backup": JSON.stringify(backup),
  };
  const messages = await traffic(device);
  assert.ok(messages.some((message) => message.includes("/api/auth/sign-up/sigma")), "the witness saw the sign-up");
  const copies = device.requests.filter((request) => new URL(request.url()).pathname === "/api/backup");
  assert.equal(copies.length, 1, "the encrypted backup was stored, once the person agreed");
  assert.equal(copies[0].postDataJSON().encryptedBackup, encrypted.trim());
  assert.deepEqual(leaks([...messages, "fence"], { fence: "fence" }).length, 1, "the search finds what is there");
  assert.deepEqual(leaks(messages, secrets), []);
  assert.deepEqual(leaks(kept.map(({ value }) => value), secrets), [], "only the encrypted backup is kept");
  assert.deepEqual(leaks([demo.output()], secrets), [], "nothing in the log");
  const elsewhere = device.requests.map((request) => new URL(request.url()))
    .filter(({ protocol, origin }) => protocol.startsWith("http") && ![demo.server, demo.playground].includes(origin));
  assert.deepEqual(elsewhere.map(String), []);
  await closeDevice(device);
});
