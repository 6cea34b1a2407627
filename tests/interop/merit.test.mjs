//! PyPI's `merit`, a client in the field, drives the API of merits unmodified: links, sends, lists, and reads what a member let it see.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startSigma } from "../support/sigma.mjs";
import { newPerson } from "./person.mjs";
import { python } from "./python.mjs";

let sigma;
let app;
let org;

/** A step of the program, as the app that the org owns. */
async function merit(step, wish = {}) {
  const { hostname, port } = new URL(sigma.issuer);
  const input = JSON.stringify({
    sigma: [hostname, Number(port)],
    app_id: app.id,
    app_secret: app.client_secret,
    org_id: org.id.replace(/^org_/, ""),
    step,
    ...wish,
  });
  const { stdout } = await python("python", [new URL("python/merit_client.py", import.meta.url).pathname], { input });
  return JSON.parse(stdout);
}

/** A call of the API by fetch, for what the package does not do. */
async function call(path, body, authorization) {
  const response = await fetch(`${sigma.issuer}/v2${path}`, {
    method: "POST",
    headers: { authorization, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  assert.equal(response.status, 200, await response.clone().text());
  return response.json();
}

before(async () => {
  sigma = await startSigma();
  org = await sigma.admin("workspace", "add", "--name=Bakery");
  await sigma.admin("workspace", "set", org.id, "--verified");
  const made = await sigma.admin("app", "add", "--name=Badges", `--org=${org.id}`, "--site-url=https://badges.example");
  app = { ...made, id: made.id.replace(/^app_/, "") };
});
after(() => sigma?.stop());

/** A template of the org. */
async function template(title) {
  const basic = `Basic ${Buffer.from(`${app.id}:${app.client_secret}`).toString("base64")}`;
  const id = org.id.replace(/^org_/, "");
  const { orgAccessToken } = await call(`/orgs/${id}/access`, {}, basic);
  const body = { orgId: id, title, description: "Bakes bread" };
  return call("/merittemplates", body, `Bearer ${orgAccessToken}`);
}

test("the package sends, proposes, lists, edits, transfers and revokes merits", async () => {
  const { id } = await template("Baker");
  const done = await merit("work", { template: id, address: "ada@example.org", search: "bak" });
  assert.equal(done.org.title, "Bakery");
  assert.deepEqual(done.found.map(({ title }) => title), ["Bakery"]);
  assert.deepEqual(done.templates.map(({ title }) => title), ["Baker"]);
  assert.deepEqual(done.choices, [[null, "-----"], [id, "Baker"]]);
  assert.deepEqual(done.fields.map(({ fieldName }) => fieldName), ["Recipient Name"]);
  assert.match(done.sent, /^[0-9a-f]{24}$/);
  assert.equal(done.proposed.status, "Unapproved");
  assert.equal(done.all, 2);
  assert.ok(done.pending.includes(done.sent));
  assert.equal(done.to_address, 2);
  assert.equal(done.edited, true);
  assert.ok(done.page.startsWith(sigma.issuer), done.page);
  assert.deepEqual([done.moved.status, done.moved.email], ["Pending", "new@example.org"]);
  assert.deepEqual([done.revoked, done.after], [true, "Revoked"]);
});

test("the package begins Link App", async () => {
  const url = new URL(await merit("link"));
  assert.equal(url.origin, sigma.issuer);
  assert.equal(url.pathname, "/link-app");
  assert.equal(await merit("linked", { token: "x" }), null);
});

test("the package reads what a member agreed to show", async () => {
  const person = await newPerson(sigma.issuer);
  await person.signIn();
  const { id } = await template("Confectioner");
  const page = await person.browser.visit(await merit("login"));
  const html = await page.response.text();
  assert.equal(page.response.status, 200, html);
  const hidden = [...html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)].map(([, name, value]) => [name, value]);
  const agreed = await person.browser.fetch(`${sigma.issuer}/login-with-sigma`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: String(new URLSearchParams([...hidden, ["accept", "true"]])),
  });
  assert.equal(agreed.status, 303, await agreed.text());
  const back = new URL(agreed.headers.get("location"), sigma.issuer);
  assert.equal(back.origin + back.pathname, "https://badges.example/back");
  const seen = await merit("members", { token: back.searchParams.get("memberIdToken"), template: id });
  assert.match(seen.member, /^[0-9a-f]{24}$/);
  assert.equal(seen.again, null);
  assert.equal(seen.info.id, seen.member);
  assert.equal(seen.access.status, "Accepted");
  assert.deepEqual([seen.merits, seen.has], [[], false]);
});
