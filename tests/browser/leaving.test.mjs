//! The redirect back to the app, whatever its callback does next: Chromium applies `form-action` to every redirect after a
//! form, so these run with and without script, to further origins and to the scheme of a native app.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { closeAll, closeDevice, openChromium, openDevice } from "./browser.mjs";
import { makeKey } from "./wallet.mjs";
import { startSigma } from "../support/sigma.mjs";

/** Called when a redirect leads to a program that is not installed. */
const NO_HANDLER = /Failed to launch 'org\.example\.phone:/;
const NATIVE = "org.example.phone:/callback";

let chromium;
let sigma;
let signedIn;
const servers = [];

/** Listens on a host of its own and responds with `answer`. Returns the origin. */
async function listen(host, answer) {
  const server = createServer((request, response) => {
    const [status, location] = answer(request);
    response.writeHead(status, { "Content-Type": "text/html", ...(location && { Location: location }) });
    response.end("<title>Home</title><link rel=icon href=data:,>");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  servers.push(server);
  return `http://${host}:${server.address().port}`;
}

/** The app: its callback redirects to a second origin, and that to a third. `/native` redirects to the native app. */
let app;
let home;

before(async () => {
  chromium = await openChromium();
  sigma = await startSigma();
  home = await listen("localhost", () => [200]);
  const between = await listen("127.0.0.1", () => [302, `${home}/`]);
  app = await listen("127.0.0.1", ({ url }) => [303, url.startsWith("/native") ? `${NATIVE}?done=1` : `${between}/next`]);
  const redirects = [`--redirect-uri=${app}/callback`, `--redirect-uri=${app}/native`];
  await sigma.admin("app", "add", "--client-id=shop", "--name=Shop", ...redirects);
  await sigma.admin("app", "add", "--client-id=phone", "--name=Phone", "--type=native", "--auth=none", `--redirect-uri=${NATIVE}`);
  const device = await openDevice(chromium, { acceptDownloads: true });
  const page = await device.context.newPage();
  await page.goto(`${sigma.issuer}/signup`);
  await makeKey(page);
  await page.getByText("You are signed in to").waitFor();
  signedIn = (await device.context.storageState()).cookies;
  await closeDevice(device);
});
after(() => {
  for (const server of servers) server.close();
  return closeAll(() => chromium?.close(), () => sigma?.stop());
});

/** A tab of a signed-in user, at the page that `parameters` lead to. */
async function open(javaScriptEnabled, parameters) {
  const device = await openDevice(chromium, { javaScriptEnabled });
  device.expected.push(NO_HANDLER);
  await device.context.addCookies(signedIn);
  const page = await device.context.newPage();
  const query = new URLSearchParams({ client_id: "shop", response_type: "code", scope: "openid", state: "s", ...parameters });
  await page.goto(`${sigma.issuer}/oauth2/authorize?${query}`);
  return { device, page };
}

/** The addresses that the device requested, and those that it was redirected to. */
const reached = ({ requests }) => requests.map((request) => `${request.method()} ${request.url()}`);

async function atHome({ device, page }, method) {
  await page.waitForURL(`${home}/**`);
  const callback = reached(device).find((line) => line.startsWith(`${method} ${app}/callback`));
  assert.ok(callback, reached(device).join("\n"));
  if (method === "GET") assert.match(callback, /code=.*state=s/);
  await closeDevice(device);
}

const PRESS = {
  consent: (page) => page.getByRole("button", { name: "Allow" }).click(),
  refusal: (page) => page.getByRole("button", { name: "Deny" }).click(),
  select_account: (page) => page.getByRole("button", { name: /continue with this account/ }).click(),
};

for (const script of [true, false]) {
  const how = script ? "with script" : "without script";
  const redirect_uri = () => `${app}/callback`;

  test(`consent leads to a callback that redirects twice, ${how}`, async () => {
    const tab = await open(script, { redirect_uri: redirect_uri(), prompt: "consent" });
    await PRESS.consent(tab.page);
    await atHome(tab, "GET");
  });

  test(`so does denying it, ${how}`, async () => {
    const tab = await open(script, { redirect_uri: redirect_uri(), prompt: "consent" });
    await PRESS.refusal(tab.page);
    await tab.page.waitForURL(`${home}/**`);
    assert.match(reached(tab.device).join("\n"), /callback\?error=access_denied/);
    await closeDevice(tab.device);
  });

  test(`so does the account chooser, ${how}`, async () => {
    const tab = await open(script, { redirect_uri: redirect_uri(), prompt: "select_account" });
    await PRESS.select_account(tab.page);
    await atHome(tab, "GET");
  });

  test(`so does form_post, ${how}`, async () => {
    const tab = await open(script, { redirect_uri: redirect_uri(), response_mode: "form_post", prompt: "consent" });
    await PRESS.consent(tab.page);
    if (!script) await tab.page.getByRole("button", { name: "Continue" }).click();
    await atHome(tab, "POST");
  });

  test(`a native app gets its code, directly or through a website, ${how}`, async () => {
    const straight = { client_id: "phone", redirect_uri: NATIVE, code_challenge_method: "S256", code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" };
    for (const parameters of [straight, { redirect_uri: `${app}/native` }]) {
      const { device, page } = await open(script, { ...parameters, prompt: "consent" });
      // Nothing can open this address here, so the page stays: what counts is that the browser tried.
      const launched = page.waitForEvent("requestfailed", (request) => request.url().startsWith(NATIVE));
      await PRESS.consent(page);
      await launched;
      await closeDevice(device);
    }
  });
}
