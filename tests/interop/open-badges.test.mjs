//! An org issues a merit by the API, its recipient accepts and downloads it, and openbadgeslib, which knows nothing of this
//! server, verifies the credential from documents that were fetched before.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startSigma } from "../support/sigma.mjs";
import { Browser } from "./person.mjs";
import { python } from "./python.mjs";

const PASSWORD = "correct horse battery staple";
const RECIPIENT = "ada@example.org";

let sigma;
let org;
let api;
let browser;

/** Calls the API for the org. */
async function call(method, path, body) {
  const response = await fetch(`${sigma.issuer}/v2${path}`, {
    method,
    headers: { authorization: `Bearer ${api}`, "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  assert.equal(response.status, 200, `${method} ${path}: ${text}`);
  return JSON.parse(text);
}

/** Posts a form as the recipient. */
const form = (path, fields) =>
  browser.fetch(sigma.issuer + path, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(fields).toString(),
  });

before(async () => {
  sigma = await startSigma();
  const workspace = await sigma.admin("workspace", "add", "--name", "Bakery", "--slug", "bakery");
  await sigma.admin("workspace", "set", "bakery", "--verified");
  org = workspace.id.replace(/^org_/, "");
  const app = await sigma.admin("app", "add", "--name=Badges", "--org=bakery", "--site-url=https://badges.example.org");
  const basic = Buffer.from(`${app.client_id}:${app.client_secret}`).toString("base64");
  const access = await fetch(`${sigma.issuer}/v2/orgs/${org}/access`, {
    method: "POST",
    headers: { authorization: `Basic ${basic}` },
  });
  api = (await access.json()).orgAccessToken;
  await sigma.adminWith(`${PASSWORD}\n`, "user", "add", "--email", RECIPIENT, "--password-stdin");
  browser = new Browser();
  const { url } = await browser.visit(`${sigma.issuer}/workspace/login`);
  const signIn = url.replace("/login?", "/login/password?").slice(sigma.issuer.length);
  const signedIn = await form(signIn, { email: RECIPIENT, password: PASSWORD });
  assert.ok([200, 303].includes(signedIn.status), await signedIn.text());
});
after(() => sigma?.stop());

/** An accepted merit, as a credential, and how it is revoked. */
async function issue(title) {
  const template = await call("POST", "/merittemplates", { orgId: org, title, description: "Bakes", canOnlyBeSentOnce: false });
  const merit = await call("POST", "/merits/send", {
    recipientEmail: RECIPIENT,
    meritTemplateId: template.id,
    recipientName: "Ada Lovelace",
    fieldValues: [],
  });
  const accepted = await form("/account/merits/accept", { merit: `${org}-${merit.id}` });
  assert.ok(accepted.status < 400, await accepted.text());
  const response = await browser.fetch(`${sigma.issuer}/account/merits/${org}/${merit.id}/credential`);
  assert.equal(response.status, 200, await response.clone().text());
  assert.equal(response.headers.get("content-type"), "application/vc+jwt");
  const revoke = () => call("POST", `/merits/${merit.id}/revoke`, { revocationReason: "late" });
  return { credential: await response.text(), revoke };
}

/** What openbadgeslib says of a credential. */
async function verify(credential) {
  const claims = JSON.parse(Buffer.from(credential.split(".")[1], "base64url").toString());
  const list = claims.credentialStatus.statusListCredential;
  const did = claims.issuer.id;
  // did:web says https; this server speaks http.
  const document = `https://${new URL(sigma.issuer).host}/orgs/${org}/did.json`;
  const documents = {
    [document]: await (await fetch(document.replace("https:", "http:"))).text(),
    [list]: await (await fetch(list)).text(),
  };
  const { stdout } = await python("python", [new URL("python/verify_badge.py", import.meta.url).pathname], {
    input: JSON.stringify({ did, credential, documents }),
  });
  return JSON.parse(stdout);
}

test("a library of somebody else verifies a credential, and refuses it once it is revoked", async () => {
  const { credential, revoke } = await issue("Baker");
  const badge = await verify(credential);
  assert.equal(badge.name, "Baker", JSON.stringify(badge));
  assert.equal(badge.issuer, "Bakery");
  assert.match(badge.did, /^did:web:localhost%3A\d+:orgs:[0-9a-f]{24}$/);
  await revoke();
  const revoked = await verify(credential);
  assert.match(revoked.error, /revocation/);
});

test("it refuses a credential that was altered", async () => {
  const [one, other] = [await issue("Baker"), await issue("Miller")];
  const parts = one.credential.split(".");
  parts[1] = other.credential.split(".")[1];
  const { error } = await verify(parts.join("."));
  assert.match(error, /signature/i);
});
