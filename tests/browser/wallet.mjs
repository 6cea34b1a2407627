//! The pages of the server as users operate them: by visible text.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

export const password = "correct horse battery staple";

/**
 * Makes a key on `/signup`; returns the path of the backup file that was downloaded. Ends where the page continues.
 * `keepCopy` lets the server keep the encrypted backup too.
 */
export async function makeKey(page, { keepCopy = false } = {}) {
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByLabel("Repeat password").fill(password);
  await page.getByRole("button", { name: "Create my key" }).click();
  const link = page.getByRole("link", { name: "Download the backup file" });
  const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
  assert.match(download.suggestedFilename(), /\.bep$/);
  const file = await download.path();
  await page.getByLabel("I have saved the file").check();
  if (keepCopy) await page.getByLabel("Also keep an encrypted copy").check();
  await page.getByRole("button", { name: "Continue" }).click();
  return file;
}

/** Unlocks the key on this device. */
export async function unlock(page, secret = password) {
  await page.getByLabel("Key password").fill(secret);
  await page.getByRole("button", { name: "Unlock and sign in" }).click();
}

/** Brings a key to a device that has none. */
export async function importBackup(page, file) {
  const backup = { name: "sigma.bep", mimeType: "text/plain", buffer: await readFile(file) };
  await page.getByLabel("Backup file").setInputFiles(backup);
  await page.getByLabel("Backup password").fill(password);
  await page.getByRole("button", { name: "Open and sign in" }).click();
}

/** Allows on the consent page. */
export async function allow(page) {
  await page.waitForURL("**/consent?**");
  await page.getByRole("button", { name: "Allow" }).click();
}

/** Signs in by e-mail address and password on the sign-in page, which may have that form behind a button. */
export async function givePassword(page, email, secret = password) {
  const field = page.getByLabel("Password", { exact: true });
  await page.locator("input[name=password]").waitFor({ state: "attached" });
  if (!(await field.isVisible())) await page.locator("summary", { hasText: "e-mail and password" }).click();
  const address = page.getByLabel("E-mail address");
  if (await address.isEditable()) await address.fill(email);
  await field.fill(secret);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}
