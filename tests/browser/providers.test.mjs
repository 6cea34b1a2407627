//! Google and GitHub as `make run` plays them (npm oidc-provider, and GitHub's shape): signing in from an app, linking, a
//! second way in, cancelling.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { closeAll, closeDevice, inspect, openChromium, openDevice } from "./browser.mjs";
import { startDemo } from "./demo.mjs";
import { answer, ask, exchange, openPlayground } from "./playground.mjs";
import { allow } from "./wallet.mjs";

let chromium;
let demo;
let played;
before(async () => {
  const program = fileURLToPath(new URL("../../scripts/demo-provider/main.mjs", import.meta.url));
  played = spawn(process.execPath, ["--no-warnings", program], { stdio: ["ignore", "pipe", "inherit"] });
  const [settings] = await once(createInterface(played.stdout), "line");
  chromium = await openChromium();
  demo = await startDemo({ SIGMA__PROVIDERS: settings });
});
after(() => closeAll(() => chromium?.close(), () => demo?.stop(), () => played?.kill()));

async function newcomer() {
  const device = await openDevice(chromium);
  return { device, page: await device.context.newPage() };
}

async function choose(page, name) {
  await page.getByRole("heading", { name: "Choose an account" }).waitFor();
  await page.getByRole("button", { name }).click();
}

/** The claims of the ID token that came of it. */
async function signedIn(page) {
  const { received } = await answer(page, demo);
  assert.equal(received.error, undefined, JSON.stringify(received));
  const { tokens, failed } = await exchange(page);
  assert.deepEqual(failed, []);
  return JSON.parse(Buffer.from(tokens.id_token.split(".")[1], "base64url").toString());
}

test("an app sends its user to Google at once, and a linked GitHub account is a second way in", async () => {
  const { device, page } = await newcomer();
  await openPlayground(page, demo, { provider: "google" });
  await ask(page);
  await choose(page, "Ada Lovelace");
  await allow(page);
  const claims = await signedIn(page);
  assert.deepEqual(claims.amr, ["fed"]);

  await page.goto(`${demo.server}/account`);
  await page.getByText("Google ada@example.org").waitFor();
  await inspect(page, "account-providers");
  await page.getByRole("button", { name: "Link GitHub" }).click();
  await choose(page, "Ada Lovelace");
  await page.getByText("The account was linked.").waitFor();
  await inspect(page, "account-linked");
  await closeDevice(device);

  const elsewhere = await newcomer();
  await openPlayground(elsewhere.page, demo);
  await ask(elsewhere.page);
  await elsewhere.page.getByRole("button", { name: "Continue with GitHub" }).waitFor();
  await inspect(elsewhere.page, "login-providers");
  await elsewhere.page.getByRole("button", { name: "Continue with GitHub" }).click();
  await choose(elsewhere.page, "Ada Lovelace");
  // The same user agreed before, so the app gets its answer at once.
  assert.equal((await signedIn(elsewhere.page)).sub, claims.sub);
  await closeDevice(elsewhere.device);
});

test("whoever cancels at the provider can go on another way", async () => {
  const { device, page } = await newcomer();
  await openPlayground(page, demo, { provider: "github" });
  await ask(page);
  await choose(page, "Cancel");
  await page.getByRole("alert").filter({ hasText: "cancelled at the provider" }).waitFor();
  await inspect(page, "login-provider-cancelled");
  await page.getByRole("button", { name: "Continue with Google" }).click();
  await choose(page, "Grace Hopper");
  await allow(page);
  assert.deepEqual((await signedIn(page)).amr, ["fed"]);
  await closeDevice(device);
});
