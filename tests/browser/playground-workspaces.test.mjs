//! The Playground's workspace flow: quick login, and everything after it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { closeAll, closeDevice, inspect, leaks, openChromium, openDevice, traffic } from "./browser.mjs";
import { startDemo } from "./demo.mjs";

let chromium;
let demo;
let device;
let page;
before(async () => {
  chromium = await openChromium();
  demo = await startDemo();
  device = await openDevice(chromium);
  page = await device.context.newPage();
});
after(() => closeAll(() => device && closeDevice(device), () => chromium?.close(), () => demo?.stop()));

/** Opens the flow and logs a member in. */
async function logIn(workspace, name) {
  await page.goto(demo.playground);
  await page.getByRole("link", { name: "Workspaces", exact: true }).click();
  const person = page.getByRole("region", { name: workspace }).getByRole("button", { name });
  await person.click();
  await page.getByRole("region", { name: workspace }).getByRole("button", { name, pressed: true }).waitFor();
}

/** Presses a button of an action; returns request and response as shown on the page. */
async function press(title, label) {
  const action = page.locator("section.action").filter({ has: page.getByRole("heading", { name: title, exact: true }) });
  const before = await action.locator(".exchange").elementHandles();
  await action.getByRole("button", { name: label, exact: true }).click();
  // The response is a new element that replaces an older one.
  if (before.length > 0) await before[0].waitForElementState("hidden");
  const [request, answer] = [action.locator(".half").first(), action.locator(".half").last()];
  const status = await action.locator(".badge").innerText();
  return { status, request: await request.innerText(), answer: await answer.innerText(), whole: await action.innerText() };
}

test("quick login, token, key, checks of both, role, logout: each request with its response", async () => {
  await logIn("Harbour Bakery", /Ada Weaver/);
  const token = await page.evaluate(() => document.querySelector(".jwt-head").parentElement.textContent);
  const [header, claims] = token.split(".", 2).map((part) => JSON.parse(Buffer.from(part, "base64url").toString()));
  assert.equal(header.alg, "HS256");
  assert.match(claims.workspaceId, /^org_[0-9a-f]{24}$/);
  assert.match(claims.userId, /^user_[0-9a-f]{24}$/);
  assert.equal(claims.exp - claims.iat, 86_400);

  const me = await press("Who am I?", "Request caller");
  assert.equal(me.status, "200 OK");
  assert.match(me.request, /GET http:\/\/localhost:\d+\/api\/v1\/auth\/me/);
  assert.match(me.answer, /"name": "Harbour Bakery"/);
  const refreshed = await press("Refresh", "Refresh token");
  assert.equal(refreshed.status, "200 OK");

  const made = await press("Create a key", "Create key");
  assert.equal(made.status, "201 Created");
  const [key] = made.whole.match(/sigma_sk_live_[0-9A-Za-z]{38}/);
  const verified = await press("Verify", "Verify");
  assert.match(verified.answer, /"valid": true/);
  assert.match(verified.request, /X-Sigma-ApiKey/);
  await page.getByLabel("Received credential").selectOption("key");
  await page.getByLabel("Required permission").first().selectOption("delete-model");
  const refused = await press("Verify", "Verify");
  assert.match(refused.answer, /"valid": false/);
  assert.match(refused.answer, /"code": "PERMISSION_DENIED"/);

  const forwarded = await press("Forward", "Ask as a proxy");
  assert.equal(forwarded.status, "200 OK");
  assert.match(forwarded.whole, new RegExp(`x-sigma-user-id: ${claims.userId}\\n`));
  assert.match(forwarded.whole, new RegExp(`x-sigma-workspace-id: ${claims.workspaceId}\\n`));
  await page.getByLabel("Credential of the call").selectOption("key");
  const byKey = await press("Forward", "Ask as a proxy");
  assert.match(byKey.whole, /x-sigma-user-id: \n/);
  assert.match(byKey.whole, /x-sigma-permissions: read\n/);

  const roles = await press("Roles", "List roles");
  assert.match(roles.answer, /"name": "Baker"/);
  await page.getByLabel("Role", { exact: true }).selectOption({ label: "Baker" });
  const resolved = await press("Resolve", "Resolve");
  assert.match(resolved.answer, /"name": "write"/);
  assert.match(resolved.answer, /"cost": "read"/);
  assert.match(resolved.answer, /"supplier": "hidden"/);
  await inspect(page, "playground-workspaces");

  const ended = await press("Deactivate the key", "Deactivate key");
  assert.match(ended.answer, /"active": false/);
  assert.equal((await press("Forward", "Ask as a proxy")).status, "401 Unauthorized");

  const out = await press("Log out", "Log out");
  assert.equal(out.status, "204 No Content");
  device.expected.push(/status of 401/);
  assert.equal((await press("Who am I?", "Request caller")).status, "401 Unauthorized");
  await inspect(page, "playground-workspaces-logged-out");

  const urls = (await traffic(device)).map((message) => message.split("\n")[1]);
  assert.deepEqual(leaks(urls, { token, key }), [], "tokens and keys never stand in an address");
  assert.deepEqual(leaks([demo.output()], { token, key }), [], "nor in the log");
});

test("missing permissions are reported, and a member of two workspaces has a role in each", async () => {
  device.expected.push(/status of 403/);
  await logIn("Harbour Bakery", /Ben Okafor/);
  const refused = await press("Create a key", "Create key");
  assert.equal(refused.status, "403 Forbidden");
  assert.match(refused.answer, /PERMISSION_DENIED/);
  await logIn("Night Library", /Ada Weaver/);
  assert.equal((await press("Create a key", "Create key")).status, "403 Forbidden");
  const resolved = await press("Resolve", "Resolve");
  assert.match(resolved.answer, /"history": "read"/);
});

test("the address selects a flow, and a link the other one", async () => {
  await page.goto(`${demo.playground}/#workspaces`);
  await page.reload();
  await page.getByRole("heading", { name: "Log in to a workspace" }).waitFor();
  await page.getByRole("link", { name: "Sign-in for apps" }).click();
  await page.getByRole("heading", { name: "Authorization request" }).waitFor();
  assert.equal(await page.getByRole("heading", { name: "Log in to a workspace" }).isVisible(), false);
});
