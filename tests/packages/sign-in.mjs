//! Signs a person in to an app with Chromium: node sign-in.mjs ISSUER CLIENT_ID REDIRECT_URI EMAIL PASSWORD

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { chromium } from "../browser/node_modules/playwright-core/index.mjs";

const [issuer, client_id, redirect_uri, email, password] = process.argv.slice(2);
const verifier = randomBytes(32).toString("base64url");
const request = new URLSearchParams({
  client_id,
  redirect_uri,
  response_type: "code",
  scope: "openid email",
  state: "state of the app",
  code_challenge: createHash("sha256").update(verifier).digest("base64url"),
  code_challenge_method: "S256",
});
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium-headless-shell",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
try {
  // Chromium has authorities of its own, to which the certificate of the test is unknown.
  const page = await browser.newPage({ ignoreHTTPSErrors: true });
  page.setDefaultTimeout(30_000);
  const response = await page.goto(`${issuer}/oauth2/authorize?${request}`);
  assert.equal(response.headers()["strict-transport-security"]?.startsWith("max-age="), true);
  const security = await response.securityDetails();
  assert.match(security.protocol, /TLS 1\.[23]/);
  const byPassword = page.locator("summary", { hasText: "e-mail and password" });
  if (await byPassword.count()) await byPassword.click();
  await page.getByLabel("E-mail").first().fill(email);
  await page.getByLabel("Password", { exact: true }).first().fill(password);
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Allow" }).click();
  // Nobody serves the app: what counts is the address to which the browser is sent.
  await page.waitForURL((url) => url.href.startsWith(redirect_uri));
  const answer = new URL(page.url()).searchParams;
  assert.ok(answer.get("code"));
  assert.equal(answer.get("state"), "state of the app");
  assert.equal(answer.get("iss"), issuer);
  const cookies = await page.context().cookies(issuer);
  assert.ok(cookies.every((cookie) => cookie.secure), JSON.stringify(cookies));
  assert.ok(cookies.find((cookie) => cookie.name.endsWith("session_token"))?.httpOnly, "no script reads the session");
} finally {
  await browser.close();
}
