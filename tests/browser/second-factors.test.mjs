//! Passkeys by Chromium's virtual authenticator: added, as a way in, by the address field, and as a second factor that an app
//! asks for; one-time codes, recovery codes and a new key, on their pages.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, test } from "node:test";
import { closeAll, closeDevice, inspect, openChromium, openDevice } from "./browser.mjs";
import { startDemo } from "./demo.mjs";
import { answer, ask, exchange, openPlayground } from "./playground.mjs";
import { allow, makeKey, password, unlock } from "./wallet.mjs";

let chromium;
let demo;
let device;
let page;
let authenticator;
before(async () => {
  chromium = await openChromium();
  demo = await startDemo();
  device = await openDevice(chromium);
  page = await device.context.newPage();
  device.expected.push(/status of 4\d\d/);
});
after(() => closeAll(() => device && closeDevice(device), () => chromium?.close(), () => demo?.stop()));

/** An authenticator with a screen lock, whose user agrees to everything. */
async function plugIn() {
  const cdp = await device.context.newCDPSession(page);
  await cdp.send("WebAuthn.enable");
  const options = { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true };
  const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
    options: { ...options, automaticPresenceSimulation: true },
  });
  return { cdp, authenticatorId };
}

const passkeys = async () => (await authenticator.cdp.send("WebAuthn.getCredentials", { authenticatorId: authenticator.authenticatorId })).credentials;

async function signOut() {
  await page.goto(demo.server);
  await page.getByRole("button", { name: "Sign out" }).first().click();
  await page.waitForLoadState("load");
}

/** The code that an authenticator app shows for a secret in base32 (RFC 6238), `steps` from now. */
function totp(secret, steps = 0) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret.replaceAll(" ", "")].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const mac = createHmac("sha1", key).update(counter).digest();
  const at = mac.at(-1) & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

test("a passkey is added on the account page, and signs in by itself", async () => {
  authenticator = await plugIn();
  await page.goto(`${demo.server}/signup`);
  await makeKey(page);
  await page.waitForURL(`${demo.server}/`);
  await page.goto(`${demo.server}/account`);
  await inspect(page, "account-credentials");
  await page.getByLabel("Name of the passkey").fill("Test laptop");
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await page.getByText("The passkey was added.").waitFor();
  await page.getByText("Test laptop").first().waitFor();
  const [{ userHandle, rpId }] = await passkeys();
  assert.equal(rpId, "localhost");
  assert.equal(Buffer.from(userHandle, "base64").length, 32);

  await signOut();
  // While nobody touches the authenticator, the page waits.
  const { cdp, authenticatorId } = authenticator;
  await cdp.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId, enabled: false });
  await page.goto(`${demo.server}/login`);
  await page.locator("summary", { hasText: "Sign in with a passkey" }).click();
  await inspect(page, "login-passkey");
  await cdp.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId, enabled: true });
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await page.waitForURL(`${demo.server}/`);
});

test("a passkey is picked in the address field", async () => {
  await signOut();
  const offered = await page.evaluate(() => PublicKeyCredential.isConditionalMediationAvailable());
  assert.equal(offered, true);
  await page.goto(`${demo.server}/login`);
  // The virtual authenticator picks as soon as the page waits for a choice.
  await page.waitForURL(`${demo.server}/`);
});

test("an app asks for two factors, and the passkey is the second", async () => {
  await signOut();
  const { cdp, authenticatorId } = authenticator;
  await cdp.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId, enabled: false });
  await openPlayground(page, demo, { scope: "openid" });
  await ask(page);
  await page.waitForURL("**/login?**");
  const key = page.locator("summary", { hasText: "Sign in with your key" });
  if (await key.isVisible()) await key.click();
  await unlock(page);
  await allow(page);
  await answer(page, demo);
  assert.equal((await exchange(page)).tokens.claims?.acr ?? "1", "1");

  await cdp.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId, enabled: true });
  const request = new URL("/oauth2/authorize", demo.server);
  const { sent } = await page.evaluate(() => JSON.parse(sessionStorage.getItem("playground")));
  for (const [name, value] of Object.entries(sent.parameters ?? sent)) if (typeof value === "string") request.searchParams.set(name, value);
  request.searchParams.set("acr_values", "2");
  await page.goto(String(request));
  await page.getByRole("heading", { name: "Confirm that it is you" }).waitFor();
  await inspect(page, "second-factor");
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await page.waitForURL((url) => url.origin === demo.playground && url.searchParams.has("code"));
});

test("a removed passkey is refused in plain words", async () => {
  await page.goto(`${demo.server}/account`);
  const stored = await passkeys();
  await page.locator("li", { hasText: "Test laptop" }).getByRole("button", { name: "Remove" }).click();
  await page.getByText("It was removed.").waitFor();
  await signOut();
  // Browsers with the signal API forget it by themselves: it is put back.
  if ((await passkeys()).length === 0) {
    const { cdp, authenticatorId } = authenticator;
    await cdp.send("WebAuthn.addCredential", { authenticatorId, credential: stored[0] });
  }
  await page.goto(`${demo.server}/login`);
  await page.getByText("No account here has this passkey.").first().waitFor({ state: "attached" });
});

test("one-time codes are set up, asked for, and replaced by recovery codes", async () => {
  const { cdp, authenticatorId } = authenticator;
  await cdp.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId });
  const enter = async () => {
    await page.goto(`${demo.server}/login`);
    const key = page.locator("summary", { hasText: "Sign in with your key" });
    if (await key.isVisible()) await key.click();
    await unlock(page);
  };
  await enter();
  await page.waitForURL(`${demo.server}/`);
  await page.goto(`${demo.server}/account`);
  await page.getByRole("link", { name: "Use an authenticator app" }).click();
  await page.getByText("Enter the secret by hand").click();
  await inspect(page, "authenticator");
  const secret = await page.locator("details p.mono").innerText();
  await page.getByLabel("Code that the app shows").fill("000000");
  await page.getByRole("button", { name: "Turn on" }).click();
  await page.getByRole("alert").filter({ hasText: "is not the one that the app shows now" }).waitFor();
  await page.getByLabel("Code that the app shows").fill(totp(secret));
  await page.getByRole("button", { name: "Turn on" }).click();
  await page.getByRole("heading", { name: "Your recovery codes" }).waitFor();
  await inspect(page, "recovery-codes");
  const codes = await page.locator(".codes li").allInnerTexts();
  assert.equal(codes.length, 10);

  await signOut();
  await enter();
  await page.getByRole("heading", { name: "Confirm that it is you" }).waitFor();
  await page.goto(`${demo.server}/account`);
  await page.getByRole("heading", { name: "Confirm that it is you" }).waitFor();
  await page.getByText("Use a recovery code").click();
  await inspect(page, "second-factor-codes");
  await page.getByLabel("Code from your authenticator app").fill(totp(secret, 1));
  await page.getByRole("button", { name: "Continue" }).first().click();
  await page.waitForURL(`${demo.server}/account`);

  await signOut();
  await enter();
  await page.getByText("Use a recovery code").click();
  await page.getByLabel("Recovery code", { exact: true }).fill(codes[0]);
  await page.getByRole("button", { name: "Continue" }).last().click();
  await page.waitForURL(`${demo.server}/`);
});

test("a new key replaces a lost one", async () => {
  await page.goto(`${demo.server}/account`);
  await page.getByRole("link", { name: "Add a key" }).click();
  await page.getByLabel("Password of the new key").waitFor();
  await inspect(page, "add-key");
  await page.getByLabel("Password of the new key").fill(password);
  await page.getByLabel("Repeat password").fill(password);
  await page.getByRole("button", { name: "Create the key" }).click();
  const link = page.getByRole("link", { name: "Download the backup file" });
  await Promise.all([page.waitForEvent("download"), link.click()]);
  await page.getByLabel("I have saved the file").check();
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("heading", { name: "Add this key to your account" }).waitFor();
  await inspect(page, "add-key-confirm");
  await page.getByRole("button", { name: "Add the key" }).click();
  await page.waitForURL(`${demo.server}/account`);
  assert.equal(await page.locator("li", { hasText: "Key" }).filter({ hasText: "added" }).count(), 1);
});
