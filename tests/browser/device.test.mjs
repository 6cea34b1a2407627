//! `/device`: a person types the code that a device shows, and lets it in or turns it away, with and without script.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertAccessible, closeAll, closeDevice, inspect, openChromium, openDevice } from "./browser.mjs";
import { makeKey } from "./wallet.mjs";
import { startSigma } from "../support/sigma.mjs";

let chromium;
let sigma;
before(async () => {
  chromium = await openChromium();
  sigma = await startSigma();
  await sigma.admin(
    ...["app", "add", "--name=Living room TV", "--client-id=television", "--type=native", "--auth=none"],
    ...["--grant-type=device_code", "--grant-type=refresh_token", "--home-page=https://tv.example.org/"],
  );
});
after(() => closeAll(() => chromium?.close(), () => sigma?.stop()));

const post = async (path, form) => {
  const response = await fetch(sigma.issuer + path, { method: "POST", body: new URLSearchParams(form) });
  return response.json();
};
const ask = () => post("/api/auth/device/code", { client_id: "television", scope: "openid profile offline_access" });
const grant = "urn:ietf:params:oauth:grant-type:device_code";
const poll = ({ device_code }) => post("/api/auth/oauth2/token", { grant_type: grant, client_id: "television", device_code });

test("a person connects a device from its link, and another by typing, as accessible pages of every size", async () => {
  const device = await openDevice(chromium);
  const page = await device.context.newPage();
  const codes = await ask();
  await page.goto(codes.verification_uri);
  await page.getByRole("heading", { name: "Connect a device" }).waitFor();
  await inspect(page, "device-enter");
  // The link leads to sign-in first, and a new account comes back to the same code.
  await page.goto(codes.verification_uri_complete);
  await page.getByRole("link", { name: "Create" }).first().click();
  await makeKey(page);
  await page.getByRole("heading", { name: "Sign in to Living room TV on a device?" }).waitFor();
  assert.equal(await page.locator("#user-code").textContent(), codes.user_code);
  await inspect(page, "device-approve");
  assert.equal((await poll(codes)).error, "authorization_pending");
  await page.getByRole("button", { name: "Allow" }).click();
  await page.getByRole("heading", { name: "Device connected" }).waitFor();
  await inspect(page, "device-connected");
  const tokens = await poll(codes);
  assert.equal(tokens.scope, "openid profile offline_access");
  // By typing: wrong, then right and in lower case.
  device.expected.push(/status of 400/);
  const second = await ask();
  await page.goto(second.verification_uri);
  await page.getByLabel("Code").fill("AAAA-AAAA");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("alert").waitFor();
  await assertAccessible(page, "device-unknown");
  await page.getByLabel("Code").fill(second.user_code.toLowerCase().replace("-", " "));
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("button", { name: "Deny" }).click();
  await page.getByRole("heading", { name: "Device not connected" }).waitFor();
  assert.equal((await poll(second)).error, "access_denied");
  const signedIn = (await device.context.storageState()).cookies;
  await closeDevice(device);
  const plain = await openDevice(chromium, { javaScriptEnabled: false });
  await plain.context.addCookies(signedIn);
  const bare = await plain.context.newPage();
  const third = await ask();
  await bare.goto(third.verification_uri_complete);
  await bare.getByRole("button", { name: "Allow" }).click();
  await bare.getByRole("heading", { name: "Device connected" }).waitFor();
  assert.ok((await poll(third)).access_token);
  await closeDevice(plain);
});
