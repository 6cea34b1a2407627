//! Every app of the Playground, and every response mode.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { closeAll, closeDevice, inspect, leaks, openChromium, openDevice, traffic } from "./browser.mjs";
import { startDemo } from "./demo.mjs";
import { answer, ask, exchange, openPlayground, use } from "./playground.mjs";
import { allow, makeKey } from "./wallet.mjs";

let chromium;
let demo;
let device;
let page;
before(async () => {
  chromium = await openChromium();
  demo = await startDemo();
  device = await openDevice(chromium, { acceptDownloads: true });
  page = await device.context.newPage();
  await page.goto(`${demo.server}/signup`);
  await makeKey(page);
  await page.getByText("You are signed in to").waitFor();
});
after(() => closeAll(() => device && closeDevice(device), () => chromium?.close(), () => demo?.stop()));

for (const name of ["Single-page app", "App with a server", "App with a Bitcoin key"]) {
  test(`${name}: sign-in, userinfo, refresh, revocation`, async () => {
    await openPlayground(page, demo);
    await page.getByRole("button", { name: new RegExp(`^${name}`) }).click();
    await ask(page);
    await allow(page);
    await answer(page, demo);
    const { failed } = await exchange(page);
    assert.deepEqual(failed, []);
    assert.equal((await use(page, "Request userinfo", "userinfo")).status, 200);
    assert.equal((await use(page, "Refresh the tokens", "refresh")).status, 200);
    if (name !== "Single-page app") {
      assert.equal(JSON.parse((await use(page, "Introspect", "introspect")).body).active, true);
    }
    assert.equal((await use(page, "Revoke", "revoke")).status, 200);
  });
}

test("form_post returns the code in a self-submitting form", async () => {
  await openPlayground(page, demo, { response_mode: "form_post" });
  await ask(page);
  const { received, sent } = await answer(page, demo);
  assert.equal(received.state, sent.state);
  const { failed } = await exchange(page);
  assert.deepEqual(failed, []);
});

test("denying consent returns access_denied to the app", async () => {
  for (const mode of ["query", "form_post"]) {
    await openPlayground(page, demo, { prompt: "consent", response_mode: mode });
    await ask(page);
    await page.waitForURL("**/consent?**");
    await page.getByRole("button", { name: "Deny" }).click();
    const { received, sent } = await answer(page, demo);
    assert.equal(received.error, "access_denied");
    assert.equal(received.state, sent.state);
    assert.equal(received.iss, demo.server);
  }
});

test("consent works without script", async () => {
  const { cookies } = await device.context.storageState();
  const plain = await openDevice(chromium, { javaScriptEnabled: false });
  await plain.context.addCookies(cookies);
  const tab = await plain.context.newPage();
  const query = new URLSearchParams({
    client_id: "playground-server",
    redirect_uri: `${demo.playground}/callback`,
    response_type: "code",
    scope: "openid",
    prompt: "consent",
    state: "plain",
  });
  await tab.goto(`${demo.server}/oauth2/authorize?${query}`);
  await tab.getByRole("button", { name: "Allow" }).click();
  await tab.waitForURL(`${demo.playground}/**`);
  assert.match(plain.requests.map((request) => request.url()).join("\n"), /callback\?.*code=.*state=plain/);
  await closeDevice(plain);
});

test("a person makes an app, tries it, gives it another secret and removes it; the key of another never leaves the page", async () => {
  await page.goto(`${demo.server}/developers`);
  await page.getByRole("heading", { name: "Your apps" }).waitFor();
  await inspect(page, "developers-empty");
  await page.getByRole("link", { name: "New app" }).click();
  await page.getByLabel("Name").fill("Reading list");
  await page.getByLabel("Redirect URIs").fill(`${demo.playground}/callback\nhttps://reading.example.org/callback`);
  assert.equal(await page.locator("#pubkey").isVisible(), false, "only one kind of app has a key");
  await inspect(page, "developers-new");
  await page.getByRole("button", { name: "Create app" }).click();
  await page.getByText("Copy the secret now").waitFor();
  const secret = await page.locator("#client-secret").textContent();
  const clientId = await page.locator("#client-id").textContent();
  for (const summary of await page.locator("details:has(pre) > summary").all()) await summary.click();
  assert.ok((await page.locator("details pre").allTextContents()).some((code) => code.includes(clientId)));
  await inspect(page, "developers-made");

  const [tab] = await Promise.all([page.waitForEvent("popup"), page.getByRole("link", { name: "Sign in to this app" }).click()]);
  await tab.waitForURL("**/consent?**");
  await tab.getByText("Reading list").first().waitFor();
  await tab.close();

  await page.goto(`${demo.server}/developers`);
  await page.getByRole("link", { name: "Reading list" }).click();
  await page.getByRole("button", { name: "Create a new secret" }).click();
  await page.getByText("The app has a new secret").waitFor();
  assert.notEqual(await page.locator("#client-secret").textContent(), secret);
  await page.getByLabel("Redirect URIs").fill("https://reading.example.org/callback");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Your app was saved").waitFor();
  assert.equal(await page.locator("#client-secret").count(), 0, "the secret is shown once");

  await page.goto(`${demo.server}/developers/new`);
  await page.getByLabel("Name").fill("Signing service");
  await page.getByLabel("Redirect URIs").fill("https://signing.example.org/callback");
  await page.getByLabel("On a server, with a Bitcoin key").check();
  await page.getByRole("button", { name: "Create a key in this browser" }).click();
  const [, key] = (await page.locator("#made-key-text").textContent()).split("=");
  assert.match(await page.locator("#pubkey").inputValue(), /^0[23][0-9a-f]{64}$/);
  await inspect(page, "developers-key");
  await page.getByRole("button", { name: "Create app" }).click();
  await page.getByText("Your app was created").waitFor();
  assert.deepEqual(leaks(await traffic(device), { key }), []);

  await page.goto(`${demo.server}/developers`);
  await page.getByRole("heading", { name: "Signing service" }).waitFor();
  await inspect(page, "developers-list");
  await page.getByRole("link", { name: "Reading list" }).click();
  await page.getByText("Remove this app").click();
  await inspect(page, "developers-app");
  await page.getByRole("button", { name: /^Remove ?: Reading list/ }).click();
  await page.getByText("The app was removed").waitFor();
});
