//! The account of a user: what it warns of, apps with access, profile and identities, the language, a copy of the data, and deletion.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { closeAll, closeDevice, inspect, openChromium, openDevice } from "./browser.mjs";
import { startDemo } from "./demo.mjs";
import { answer, ask, exchange, openPlayground } from "./playground.mjs";
import { allow, makeKey } from "./wallet.mjs";

let chromium;
let demo;
let device;
let page;
before(async () => {
  chromium = await openChromium();
  demo = await startDemo({ SIGMA__LANGUAGES__OFFERED: '["en", "de"]' });
  device = await openDevice(chromium, { acceptDownloads: true });
  page = await device.context.newPage();
  device.expected.push(/status of 4\d\d/);
});
after(() => closeAll(() => device && closeDevice(device), () => chromium?.close(), () => demo?.stop()));

test("apps with access are listed, and access is removed", async () => {
  await openPlayground(page, demo);
  await ask(page);
  await page.getByRole("link", { name: "Create your key" }).click();
  await makeKey(page);
  await allow(page);
  await answer(page, demo);
  await exchange(page);
  await demo.admin("", "app", "set", "playground", "--initiate-login-uri", "https://playground.example.org/login");
  await page.goto(`${demo.server}/account`);
  await page.getByRole("heading", { name: "Add a second way to sign in" }).waitFor();
  await inspect(page, "account-overview");
  await page.getByRole("navigation", { name: "Account" }).getByRole("link", { name: "Apps with access" }).click();
  await page.getByRole("heading", { name: "Playground" }).waitFor();
  const open = await page.getByRole("link", { name: /^Open/ }).getAttribute("href");
  assert.equal(open, `https://playground.example.org/login?iss=${encodeURIComponent(demo.server)}`);
  await inspect(page, "account-apps");
  await page.getByRole("button", { name: /^Remove access/ }).click();
  await page.getByText("The app's access was removed.").waitFor();
  await inspect(page, "account-apps-none");
});

test("the user makes an agent, which acts for them until it is stopped", async () => {
  await page.goto(`${demo.server}/account`);
  await page.getByRole("navigation", { name: "Account" }).getByRole("link", { name: "Acting for you" }).click();
  await page.getByRole("heading", { name: "New agent" }).waitFor();
  await inspect(page, "account-agents-none");
  await page.getByLabel("Name", { exact: true }).fill("Shopping <b>helper</b>");
  await page.getByRole("checkbox").first().check();
  await page.getByRole("button", { name: "Create agent" }).click();
  await page.getByRole("heading", { name: "The agent was created" }).waitFor();
  const [id, secret, user] = await Promise.all(
    ["#client-id", "#client-secret", "#user-id"].map((place) => page.locator(place).innerText()),
  );
  await inspect(page, "account-agents-made");
  const ask = () =>
    fetch(`${demo.server}/api/auth/oauth2/token`, {
      method: "POST",
      headers: { authorization: `Basic ${btoa(`${id}:${secret}`)}` },
      body: new URLSearchParams({
        grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
        subject_token: user,
        subject_token_type: "urn:sigma:params:oauth:token-type:user-id",
      }),
    });
  const { access_token: token } = await (await ask()).json();
  const seen = () => fetch(`${demo.server}/api/auth/oauth2/userinfo`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal((await (await seen()).json()).sub, user);
  await page.goto(`${demo.server}/account/agents`);
  await page.getByRole("heading", { name: "Shopping <b>helper</b>" }).waitFor();
  assert.equal(await page.getByText(secret).count(), 0);
  await inspect(page, "account-agents");
  await page.getByRole("button", { name: /^Stop/ }).click();
  await page.getByText("The agent was stopped.").waitFor();
  assert.deepEqual([(await seen()).status, (await ask()).status], [401, 401]);
});

test("the user fills in the profile, with a picture, and an app sees it", async () => {
  await page.goto(`${demo.server}/account`);
  const sections = page.getByRole("navigation", { name: "Account" });
  await sections.getByRole("link", { name: "Profile" }).click();
  await page.getByLabel("Full name").fill("Grace <b>Hopper</b>");
  await page.getByLabel("Your website").fill("javascript:alert(1)");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("This must be an address that begins with https://.").waitFor();
  await inspect(page, "account-profile-refused");
  await page.getByLabel("Your website").fill("https://grace.example.org/");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Your profile was saved.").waitFor();

  const choose = page.getByLabel("Choose a picture");
  await choose.setInputFiles({ name: "picture.png", mimeType: "image/png", buffer: Buffer.from("<script>alert(1)</script>") });
  await page.getByRole("button", { name: "Upload" }).click();
  await page.getByText("The file is not a picture that can be used").waitFor();
  await choose.setInputFiles({ name: "picture.png", mimeType: "image/png", buffer: await page.screenshot() });
  await page.getByRole("button", { name: "Upload" }).click();
  await page.getByText("Your picture was saved.").waitFor();
  const picture = page.getByRole("img", { name: "Your picture" });
  await picture.waitFor();
  assert.ok(await picture.evaluate((image) => image.naturalWidth > 0));
  await inspect(page, "account-profile");

  await sections.getByRole("link", { name: "Identities" }).click();
  await page.getByRole("heading", { name: "Identities", level: 1 }).waitFor();
  await page.getByText("current", { exact: true }).waitFor();
  await inspect(page, "account-identities");
});

test("the user chooses a language and downloads a copy of the data", async () => {
  await page.goto(`${demo.server}/account`);
  await page.getByLabel("Pages and mails").selectOption("Deutsch");
  await page.getByRole("button", { name: "Save language" }).click();
  await page.getByText("Ihre Sprache wurde gespeichert.").waitFor();
  await inspect(page, "account-german");
  await page.getByLabel("Seiten und E-Mails").selectOption("English");
  await page.getByRole("button", { name: "Sprache speichern" }).click();
  await page.getByText("Your language was saved.").waitFor();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Download", exact: true }).click(),
  ]);
  const data = JSON.parse(await readFile(await download.path(), "utf8"));
  assert.equal(data.account.language, "en");
  assert.equal(data.credentials[0].kind, "key");
});

test("an account is going to be deleted, and kept after all", async () => {
  await page.getByRole("navigation", { name: "Account" }).getByRole("link", { name: "Delete your account" }).click();
  await inspect(page, "account-delete");
  await page.getByLabel(/to confirm/).fill("yes");
  await page.getByRole("button", { name: "Delete my account" }).click();
  await page.getByRole("alert").waitFor();
  await page.getByLabel(/to confirm/).fill("delete");
  await page.getByRole("button", { name: "Delete my account" }).click();
  await page.getByRole("heading", { name: "Your account is going to be deleted" }).waitFor();
  await inspect(page, "account-delete-pending");

  // An app gets nothing meanwhile: its request leads here.
  await openPlayground(page, demo);
  await ask(page);
  await page.getByRole("button", { name: "Keep my account" }).click();
  await page.getByText("Your account is kept.").waitFor();
});
