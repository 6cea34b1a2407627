//! The console: the demo's owner finds a person, proves again who they are, disables and enables them, and sees that in the audit
//! trail. Every page in two languages, light and dark, on a desktop and a phone.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { closeAll, closeDevice, inspect, openChromium, openDevice } from "./browser.mjs";
import { startDemo } from "./demo.mjs";
import { givePassword, password } from "./wallet.mjs";

const OWNER = "ada@example.org";
const NORA = "nora@example.org";

let chromium;
let demo;
/** What the demo prints: the password of its owner. */
let secret;

before(async () => {
  chromium = await openChromium();
  demo = await startDemo({ SIGMA__LANGUAGES__OFFERED: '["en","de"]' });
  secret = demo.output().match(/with the password (.+)/)[1].trim();
  await demo.admin(`${password}\n`, "user", "add", "--email", NORA, "--name", "Nora Field", "--password-stdin");
  await demo.admin("", "app", "set", "playground-server", "--scope", "openid profile org");
});
after(() =>
  closeAll(
    () => chromium?.close(),
    () => demo?.stop(),
  ),
);

/** A page of the console, opened by its owner. */
async function openConsole(device, language = "en") {
  const page = await device.context.newPage();
  await page.goto(`${demo.server}/console`);
  await page.waitForURL("**/login?**");
  if (language === "en") {
    await givePassword(page, OWNER, secret);
  } else {
    const field = page.locator("input[name=password]");
    await field.waitFor({ state: "attached" });
    if (!(await field.isVisible())) await page.locator("summary", { hasText: "Passwort" }).click();
    await page.locator("input[name=email]").fill(OWNER);
    await field.fill(secret);
    await page.getByRole("button", { name: "Anmelden", exact: true }).click();
  }
  await page.waitForURL("**/console");
  return page;
}

/** Opens everything that is folded. */
const openAll = (page) => page.locator("main details").evaluateAll((all) => all.forEach((one) => (one.open = true)));

test("the owner finds a person, disables and enables them, and sees it in the trail", async () => {
  const device = await openDevice(chromium);
  const page = await openConsole(device);
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await inspect(page, "console-overview");
  await page.getByRole("link", { name: "Signing keys", exact: true }).click();
  await page.getByRole("heading", { name: "Signing keys", level: 1 }).waitFor();
  await inspect(page, "console-keys");
  for (const name of ["APIs", "Mail", "Sessions", "Providers", "Settings", "Doctor"]) {
    await page.getByRole("link", { name, exact: true }).click();
    await page.getByRole("heading", { name, level: 1 }).waitFor();
    await inspect(page, `console-${name.toLowerCase()}`);
  }
  await page.getByRole("link", { name: "People", exact: true }).click();
  await inspect(page, "console-people");
  await page.getByLabel("Find people").fill("nora f");
  await page.getByRole("button", { name: "Find" }).click();
  await page.getByRole("link", { name: "Nora Field" }).click();
  await page.getByRole("heading", { name: "Nora Field" }).waitFor();
  await page.locator("summary", { hasText: "Disable the account" }).click();
  await inspect(page, "console-person");
  await page.getByRole("button", { name: "Disable", exact: true }).click();
  await page.getByRole("status").filter({ hasText: "The account is disabled" }).waitFor();
  await inspect(page, "console-person-disabled");

  const visitor = await openDevice(chromium);
  visitor.expected.push(/status of 401 .*\/login\/password/);
  const refused = await visitor.context.newPage();
  await refused.goto(`${demo.server}/account`);
  await givePassword(refused, NORA);
  await refused.getByRole("alert").waitFor();

  await page.getByRole("button", { name: "Enable" }).click();
  await page.getByRole("status").filter({ hasText: "enabled again" }).waitFor();
  await givePassword(refused, NORA);
  await refused.waitForURL("**/account");
  await page.getByRole("button", { name: "Sign out everywhere" }).click();
  await page.getByRole("status").filter({ hasText: "signed out everywhere" }).waitFor();
  await refused.goto(`${demo.server}/account`);
  await refused.waitForURL("**/login?**");

  await page.getByRole("link", { name: "All events" }).click();
  const actions = await page.locator("th code").allTextContents();
  for (const action of ["session.end_all", "user.enable", "user.disable", "user.sign_in"]) {
    assert.ok(actions.includes(action), `${action} in ${actions}`);
  }
  await inspect(page, "console-audit");
  // What happens meanwhile appears by itself.
  await page.getByRole("link", { name: "Follow live" }).click();
  await page.getByRole("link", { name: "Stop following" }).waitFor();
  await inspect(page, "console-live");
  const signIns = page.locator("th code", { hasText: /^user\.sign_in$/ });
  const before = await signIns.count();
  await givePassword(refused, NORA);
  await refused.waitForURL("**/account");
  await signIns.nth(before).waitFor();
  await page.getByRole("link", { name: "Apps", exact: true }).click();
  await inspect(page, "console-apps");
  await page.getByRole("link", { name: "New app", exact: true }).click();
  await page.getByRole("heading", { name: "New app" }).waitFor();
  await openAll(page);
  await inspect(page, "console-app-new");
  await page.getByLabel("Client ID").fill("browser-shop");
  await page.getByLabel("Name", { exact: true }).fill("Browser shop");
  await page.getByLabel("Redirect URIs", { exact: true }).fill("https://shop.example.org/callback");
  await page.getByRole("button", { name: "Register", exact: true }).click();
  await page.locator("#client-secret").waitFor();
  await inspect(page, "console-app-secret");
  await page.getByLabel("URI that an app sends").fill("http://shop.example.org/Callback");
  await page.getByRole("button", { name: "Compare" }).click();
  await page.getByText("The schemes differ").waitFor();
  await openAll(page);
  await inspect(page, "console-app");
  await page.getByLabel("Enter browser-shop to confirm").fill("browser-shop");
  await page.getByRole("button", { name: "Remove the app" }).click();
  await page.getByRole("status").filter({ hasText: "The app is removed" }).waitFor();
  await closeDevice(visitor);
  await closeDevice(device);
});

test("a person is created, people are imported and exported, and an organization claims a domain", async () => {
  const device = await openDevice(chromium);
  device.expected.push(/status of 409 .*\/console\/people\/new/);
  const page = await openConsole(device);
  await page.getByRole("link", { name: "People", exact: true }).click();
  await page.getByRole("link", { name: "New person", exact: true }).click();
  await inspect(page, "console-person-new");
  await page.getByLabel("E-mail").fill("Rosa@example.org");
  await page.getByLabel("Name", { exact: true }).fill("Rosa Lind");
  await page.getByLabel("Password").selectOption("show");
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("heading", { name: "Link to choose a password" }).waitFor();
  await inspect(page, "console-person-link");
  await page.goto(`${demo.server}/console/people/new`);
  await page.getByLabel("E-mail").fill("rosa@example.org");
  await page.getByRole("button", { name: "Create account" }).click();
  await page.locator("#email-wrong").waitFor();
  await inspect(page, "console-person-new-refused");

  await page.goto(`${demo.server}/console/people/transfer`);
  await inspect(page, "console-transfer");
  const lines = ['{"email":"ida@example.org","name":"Ida"}', '{"email":"nobody"}', "{"].join("\n");
  await page.getByLabel("File").setInputFiles({ name: "people.ndjson", mimeType: "application/x-ndjson", buffer: Buffer.from(lines) });
  await page.getByRole("button", { name: "Import people" }).click();
  await page.locator("#added").filter({ hasText: "1" }).waitFor();
  assert.equal(await page.locator("#refused").innerText(), "2");
  await inspect(page, "console-transfer-report");
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download people" }).click();
  assert.match((await download).suggestedFilename(), /\.ndjson$/);

  await page.goto(`${demo.server}/console/orgs`);
  await page.locator("table a.row-link").last().click();
  await page.getByRole("link", { name: "Domains", exact: true }).click();
  await page.getByRole("heading", { name: "Domains", level: 1 }).waitFor();
  await page.getByLabel("Domain", { exact: true }).fill("bakery.example");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByText("_sigma-challenge.bakery.example").waitFor();
  await openAll(page);
  await inspect(page, "console-org-domains");
  await closeDevice(device);
});

test("API keys, linked apps, directories, impersonation and blocked documents", async () => {
  const device = await openDevice(chromium);
  device.expected.push(/status of 400 .*\/console\/(orgs|apps)\//);
  const page = await openConsole(device);
  await page.goto(`${demo.server}/console/orgs`);
  await page.locator("table a.row-link").last().click();
  await page.getByRole("link", { name: "API keys", exact: true }).waitFor();
  await inspect(page, "console-org");
  const org = new URL(page.url()).pathname;

  await page.getByRole("link", { name: "API keys", exact: true }).click();
  await page.getByLabel("Name", { exact: true }).fill("Nightly import");
  await page.locator("input[value=read]").uncheck();
  await page.getByRole("button", { name: "Create key" }).click();
  await page.locator("#permission-wrong").waitFor();
  assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), "Nightly import");
  await inspect(page, "console-api-keys-refused");
  await page.locator("input[value=read]").check();
  await page.getByRole("button", { name: "Create key" }).click();
  assert.match(await page.locator("#api-key").innerText(), /^sigma_sk_live_/);
  await inspect(page, "console-api-key-fresh");
  await page.getByRole("link", { name: "Nightly import" }).click();
  await page.getByRole("heading", { name: "Nightly import", level: 1 }).waitFor();
  await openAll(page);
  await inspect(page, "console-api-key");
  await page.getByRole("button", { name: "Deactivate Nightly import" }).click();
  await page.getByRole("status").filter({ hasText: "The key is deactivated" }).waitFor();

  await page.goto(`${demo.server}${org}/links`);
  await page.getByLabel("Client ID").fill("playground-server");
  await page.getByLabel("Send merits").check();
  await page.getByRole("button", { name: "Link app", exact: true }).click();
  await page.getByRole("status").filter({ hasText: "The app is linked" }).waitFor();
  await openAll(page);
  await inspect(page, "console-links");

  await page.goto(`${demo.server}${org}/directories`);
  await page.getByLabel("Name", { exact: true }).fill("Entra ID");
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  const token = await page.locator("#directory-token").innerText();
  await inspect(page, "console-directories");
  for (const path of ["Users?filter=userName%20eq%20%22ada%40example.org%22", "Users/nobody"]) {
    await fetch(`${demo.server}/scim/v2/${path}`, { headers: { authorization: `Bearer ${token}` } });
  }
  // The log is written every few seconds.
  for (let tries = 0; tries < 20 && (await page.locator("#log ~ table").count()) === 0; tries += 1) {
    await page.goto(`${demo.server}${org}/directories`);
    await page.getByRole("link", { name: "Entra ID" }).click();
    await page.getByRole("heading", { name: "Entra ID", level: 1 }).waitFor();
    await page.waitForTimeout(500);
  }
  await page.locator("#log ~ table").waitFor();
  await openAll(page);
  await inspect(page, "console-directory");
  await page.getByRole("button", { name: "Create a new token" }).click();
  assert.notEqual(await page.locator("#directory-token").innerText(), token);

  await page.goto(`${demo.server}${org}/impersonators`);
  await page.getByLabel("Person (id or e-mail address)").fill("nobody@example.org");
  await page.getByRole("button", { name: "Allow impersonation" }).click();
  await page.locator("#person-wrong").waitFor();
  await page.getByLabel("Person (id or e-mail address)").fill(OWNER);
  await page.getByRole("button", { name: "Allow impersonation" }).click();
  await page.getByRole("status").filter({ hasText: "may act as others" }).waitFor();
  await openAll(page);
  await inspect(page, "console-impersonators");

  await page.getByRole("link", { name: "Apps", exact: true }).click();
  await page.getByRole("link", { name: "Documents", exact: true }).click();
  await page.getByLabel("Host or address").fill("no host");
  await page.getByRole("button", { name: "Block", exact: true }).click();
  await page.locator("#subject-wrong").waitFor();
  await page.getByLabel("Host or address").fill("https://tools.example.net/a/rather/long/address/of/a/document.json");
  await page.getByRole("button", { name: "Block", exact: true }).click();
  await page.getByRole("status").filter({ hasText: "It is blocked" }).waitFor();
  await inspect(page, "console-documents");
  await page.getByRole("button", { name: "Unblock" }).click();
  await page.getByRole("status").filter({ hasText: "no longer blocked" }).waitFor();

  const german = await openDevice(chromium, { locale: "de-DE" });
  const seite = await openConsole(german, "de");
  for (const [path, name] of [
    [org, "org"],
    [`${org}/api-keys`, "api-keys"],
    [`${org}/links`, "links"],
    [`${org}/directories`, "directories"],
    [`${org}/impersonators`, "impersonators"],
    ["/console/apps/documents", "documents"],
  ]) {
    await seite.goto(`${demo.server}${path}`);
    await openAll(seite);
    await inspect(seite, `console-de-${name}`);
  }
  await closeDevice(german);
  await closeDevice(device);
});

test("the console is in German too", async () => {
  const device = await openDevice(chromium, { locale: "de-DE" });
  const page = await openConsole(device, "de");
  await page.getByRole("heading", { name: "Übersicht" }).waitFor();
  for (const [link, name] of [
    ["Übersicht", "overview"],
    ["Personen", "people"],
    ["Apps", "apps"],
    ["APIs", "apis"],
    ["Protokoll", "audit"],
    ["Sitzungen", "sessions"],
    ["E-Mail", "mail"],
    ["Anbieter", "providers"],
    ["Einstellungen", "settings"],
    ["Diagnose", "doctor"],
  ]) {
    await page.getByRole("navigation", { name: "Bereiche der Konsole" }).getByRole("link", { name: link }).click();
    await page.getByRole("heading", { name: link, level: 1 }).waitFor();
    await inspect(page, `console-de-${name}`);
  }
  await page.getByRole("link", { name: "Personen", exact: true }).click();
  await page.getByRole("link", { name: "Nora Field" }).click();
  await page.getByRole("heading", { name: "Nora Field" }).waitFor();
  await inspect(page, "console-de-person");
  for (const [path, name] of [
    ["apps/new", "app-new"],
    ["people/new", "person-new"],
    ["people/transfer", "transfer"],
    ["apps/registration", "registration"],
    ["providers/new", "provider-new"],
  ]) {
    await page.goto(`${demo.server}/console/${path}`);
    await openAll(page);
    await inspect(page, `console-de-${name}`);
  }
  // An app asks for which of her organisations she signs in.
  const query = new URLSearchParams({
    client_id: "playground-server",
    redirect_uri: `${demo.playground}/callback`,
    response_type: "code",
    scope: "openid org",
  });
  await page.goto(`${demo.server}/oauth2/authorize?${query}`);
  await page.waitForURL("**/select-org?**");
  await inspect(page, "select-org-de");
  await closeDevice(device);
});
