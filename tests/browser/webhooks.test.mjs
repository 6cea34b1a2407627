//! Webhooks of the operator in the console, and what the admins of an org connect: webhooks and directories.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { closeAll, closeDevice, inspect, openChromium, openDevice } from "./browser.mjs";
import { startDemo } from "./demo.mjs";
import { givePassword } from "./wallet.mjs";

const OWNER = "ada@example.org";

let chromium;
let demo;

before(async () => {
  chromium = await openChromium();
  demo = await startDemo();
});
after(() =>
  closeAll(
    () => chromium?.close(),
    () => demo?.stop(),
  ),
);

async function signIn(device, path) {
  const page = await device.context.newPage();
  await page.goto(`${demo.server}${path}`);
  await page.waitForURL("**/login?**");
  await givePassword(
    page,
    OWNER,
    demo
      .output()
      .match(/with the password (.+)/)[1]
      .trim(),
  );
  await page.waitForURL((url) => !url.pathname.startsWith("/login"));
  await page.goto(`${demo.server}${path}`);
  return page;
}

/** Makes a webhook on this page, replaces its secret and removes it. */
async function walk(page, name) {
  await inspect(page, `${name}-none`);
  await page.getByLabel("Address").fill("https://hooks.example.org/sigma");
  await page.getByLabel("Events").fill("user.*");
  await page.getByRole("button", { name: "Create the webhook" }).click();
  const shown = page.locator("code.secret");
  await shown.waitFor();
  const first = await shown.textContent();
  assert.match(first, /^whsec_/);
  await inspect(page, `${name}-new`);
  await page.getByRole("button", { name: "Replace the secret" }).click();
  await page.getByText("signs until").waitFor();
  assert.notEqual(await shown.textContent(), first);
  await page.reload();
  await page.getByRole("link", { name: "Webhooks" }).first().click();
  await page.getByRole("link", { name: "https://hooks.example.org/sigma" }).click();
  assert.equal(await shown.count(), 0, "a secret is shown once");
  await inspect(page, `${name}-one`);
  await page.locator("summary", { hasText: "Remove the webhook" }).click();
  await page.getByRole("button", { name: "Remove", exact: true }).click();
  await page.getByText("There is no webhook.").waitFor();
}

test("the operator makes a webhook, replaces its secret and removes it", async () => {
  const device = await openDevice(chromium);
  await walk(await signIn(device, "/console/webhooks"), "console-webhooks");
  await closeDevice(device);
});

test("an admin of an org makes a webhook and connects a directory, whose token is shown once", async () => {
  const device = await openDevice(chromium);
  const page = await signIn(device, "/org/harbour-bakery/webhooks");
  await walk(page, "org-webhooks");
  await page.getByRole("link", { name: "Directories" }).click();
  await inspect(page, "org-directories");
  await page.getByRole("textbox", { name: "Name" }).fill("Entra ID");
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  const token = page.getByLabel("Token", { exact: true });
  await token.waitFor();
  const secret = await token.inputValue();
  await inspect(page, "org-directories-token");
  const answer = await page.request.get(`${demo.server}/scim/v2/Users`, { headers: { authorization: `Bearer ${secret}` } });
  assert.equal(answer.status(), 200);
  await page.getByRole("link", { name: "I have copied it" }).click();
  await page.getByRole("link", { name: "Entra ID" }).click();
  await page.getByText("/Users").first().waitFor();
  await inspect(page, "org-directory");
  await page.locator("summary", { hasText: "Disconnect" }).click();
  await page.getByRole("button", { name: "Disconnect the directory" }).click();
  await page.getByText("The directory is disconnected.").waitFor();
  const after = await page.request.get(`${demo.server}/scim/v2/Users`, { headers: { authorization: `Bearer ${secret}` } });
  assert.equal(after.status(), 401);
  await page.getByRole("link", { name: "Domains" }).click();
  await page.getByLabel("Domain", { exact: true }).fill("Bakery.example");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByText("_sigma-challenge.bakery.example").waitFor();
  await inspect(page, "org-domains");
  await page.locator("summary", { hasText: "Remove bakery.example" }).click();
  await page.getByRole("button", { name: "Remove bakery.example" }).click();
  await page.getByText("There are no domains yet.").waitFor();
  await closeDevice(device);
});
