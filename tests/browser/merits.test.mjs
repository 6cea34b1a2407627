//! Merits from an org to a person to an app: an admin designs and sends, the recipient accepts and logs in with Sigma, the app of
//! another org reads exactly what was granted, until the person takes it back. The app is the Playground's, as its server calls: by
//! `curl`, as the guide shows it.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { assertAccessible, closeAll, closeDevice, inspect, openChromium, openDevice } from "./browser.mjs";
import { startDemo } from "./demo.mjs";
import { givePassword, password } from "./wallet.mjs";

const run = promisify(execFile);
const NORA = "nora@example.org";

let chromium;
let demo;
let told;
/** Ada, who administers the bakery. */
let admin;
/** Nora, to whom merits are sent. */
let person;
let ada;
let nora;

/** Calls the API as the app's server does, by `curl`: with its credentials, or for an org. */
async function call(method, path, { orgId, body } = {}) {
  const curl = async (credentials, verb, url, content) => {
    const json = content ? ["--header", "content-type: application/json", "--data", JSON.stringify(content)] : [];
    const args = ["--silent", "--show-error", "--request", verb, "--write-out", "\n%{http_code}", ...credentials, ...json];
    const { stdout } = await run("curl", [...args, `${demo.server}/v2${url}`]);
    const end = stdout.lastIndexOf("\n");
    return { status: Number(stdout.slice(end + 1)), body: JSON.parse(stdout.slice(0, end)) };
  };
  const basic = ["--user", `${told.merits.app.id}:${told.merits.app.secret}`];
  if (!orgId) return curl(basic, method, path, body);
  const access = await curl(basic, "POST", `/orgs/${orgId}/access`);
  assert.equal(access.status, 200, JSON.stringify(access.body));
  return curl(["--header", `authorization: Bearer ${access.body.orgAccessToken}`], method, path, body);
}

const notice = (page, words) => page.getByRole("status").filter({ hasText: words }).waitFor();
const refused = (page, words) => page.getByRole("alert").filter({ hasText: words }).waitFor();

before(async () => {
  chromium = await openChromium();
  demo = await startDemo();
  told = await (await fetch(`${demo.playground}/demo.json`)).json();
  await demo.admin(`${password}\n`, "user", "add", "--email", NORA, "--name", "Nora Field", "--password-stdin");
  [admin, person] = await Promise.all([openDevice(chromium), openDevice(chromium)]);
  [ada, nora] = await Promise.all([admin.context.newPage(), person.context.newPage()]);
});
after(() =>
  closeAll(
    () => admin && closeDevice(admin),
    () => person && closeDevice(person),
    () => chromium?.close(),
    () => demo?.stop(),
  ),
);

test("an admin designs a template with a live preview, and sends a merit", async () => {
  admin.expected.push(/status of 400/);
  await ada.goto(`${demo.server}/workspace/login`);
  await ada.getByRole("form", { name: "Harbour Bakery" }).getByRole("button", { name: /^Ada/ }).click();
  await ada.getByRole("link", { name: "Merits" }).click();
  await ada.getByRole("heading", { name: "Sent merits" }).waitFor();
  await inspect(ada, "merits-sent");
  await ada.getByRole("link", { name: "Templates" }).click();
  await inspect(ada, "merits-templates");
  await ada.getByRole("link", { name: "New template" }).click();
  await ada.getByLabel("Title").fill("Rye <b>master</b>");
  await ada.getByLabel("Description").fill("Bakes rye bread like nobody else");
  assert.equal(await ada.locator("[data-shows=title]").innerText(), "Rye <b>master</b>");
  await inspect(ada, "merits-template-new");
  await ada.getByRole("button", { name: "Create" }).click();
  await notice(ada, "Created");
  await ada.getByLabel("Name", { exact: true }).fill("Speciality");
  await ada.getByRole("button", { name: "Add field" }).click();
  await notice(ada, "The field was added");
  await ada.getByLabel("Name", { exact: true }).fill("Diploma");
  await ada.getByLabel("Type").selectOption({ label: "Documents" });
  await ada.getByRole("button", { name: "Add field" }).click();
  await notice(ada, "The field was added");
  // A picture that is none is refused; one is encoded anew, and is part of the preview.
  const cover = (buffer) => ada.locator("#cover").setInputFiles({ name: "cover.png", mimeType: "image/png", buffer });
  await cover(Buffer.from("<svg onload=alert(1)>"));
  await ada.getByRole("button", { name: "Upload" }).click();
  await refused(ada, "not a picture");
  await cover(await ada.locator("main").screenshot());
  await ada.getByRole("button", { name: "Upload" }).click();
  await notice(ada, "The picture was changed");
  assert.ok(await ada.locator("#preview img.certificate-cover").evaluate((image) => image.complete && image.naturalWidth > 0));
  await inspect(ada, "merits-template");
  await ada.getByRole("link", { name: "Send a merit" }).click();
  await ada.getByLabel("E-mail address").fill(NORA);
  await ada.getByLabel("First name").fill("Nora");
  await ada.getByLabel("Last name").fill("Field");
  await ada.getByLabel("Speciality").fill("Caraway");
  assert.equal(await ada.locator("[data-shows=name]").innerText(), "Nora Field");
  const diploma = (text) => ada.getByLabel("Diploma").setInputFiles({ name: "diploma.pdf", mimeType: "application/pdf", buffer: Buffer.from(text) });
  await diploma("<script>alert(1)</script>");
  await ada.getByRole("button", { name: "Send", exact: true }).click();
  await refused(ada, "not of a type that its field takes");
  await diploma("%PDF-1.7 and then the diploma");
  await ada.getByText("diploma.pdf").waitFor();
  await inspect(ada, "merits-send");
  await ada.getByRole("button", { name: "Send", exact: true }).click();
  await notice(ada, "Sent.");
});

test("a list is read, mapped, sent and reported", async () => {
  await ada.getByRole("link", { name: "Send to many" }).click();
  await inspect(ada, "merits-import");
  const lines = Array.from({ length: 60 }, (_, number) => `"Person, ${number}";person${number}@example.org`);
  const file = `\ufeffName;E-Mail\r\n${lines.join("\r\n")}\r\nNobody;not an address\r\n`;
  await ada.getByLabel("Template").selectOption({ label: "Baker of the month" });
  await ada.getByLabel("CSV file").setInputFiles({ name: "people.csv", mimeType: "text/csv", buffer: Buffer.from(file) });
  await ada.getByRole("button", { name: "Read the file" }).click();
  await ada.getByText("people.csv has 61 lines").waitFor();
  await inspect(ada, "merits-columns");
  await ada.getByRole("button", { name: "Check the lines" }).click();
  await inspect(ada, "merits-list-draft");
  await ada.getByRole("button", { name: "Send 61 merits" }).click();
  await ada.getByRole("status").filter({ hasText: "61 of 61 done, 1 failed" }).waitFor();
  await ada.getByText("Finished").waitFor();
  await inspect(ada, "merits-list-finished");
  await ada.getByRole("link", { name: "Only failed lines" }).click();
  await ada.getByText("the e-mail address is not valid").waitFor();
});

test("the recipient signs in and accepts, and hides what not everybody should see", async () => {
  await nora.goto(`${demo.server}/account/merits`);
  await givePassword(nora, NORA);
  await nora.getByRole("heading", { name: "Waiting for you" }).waitFor();
  await nora.getByText("Rye <b>master</b>").first().waitFor();
  await inspect(nora, "merits-pending");
  await nora.getByRole("button", { name: /^Accept/ }).click();
  await notice(nora, "Accepted");
  await nora.getByRole("button", { name: /^Hide/ }).click();
  await notice(nora, "It is hidden now");
  await inspect(nora, "merits-accepted");
  const [download] = await Promise.all([nora.waitForEvent("download"), nora.getByRole("link", { name: "File 1" }).click()]);
  assert.match(download.suggestedFilename(), /^[0-9a-f]{24}\.pdf$/);
  await ada.goto(`${demo.server}/org/harbour-bakery/members`);
  await inspect(ada, "merits-members");
  await ada.getByRole("link", { name: /1 merit\s*: Nora Field/ }).click();
  await ada.getByText("Merits that Nora Field accepted").waitFor();
  await inspect(ada, "merits-member");
});

test("login with Sigma, with the app linked to an org that does not own it: asked, granted, read, taken back", async () => {
  const { id: orgId } = told.merits.orgs.find(({ name }) => name === "Harbour Bakery");
  const fresh = await openDevice(chromium);
  const page = await fresh.context.newPage();
  try {
    const asked = await call("POST", `/orgs/${orgId}/request_loginwithsigma_url`, {
      orgId,
      body: {
        requestedPermissions: [{ permissionType: "CanViewPublicProfile" }],
        successUrl: "/merits/welcome",
        failureUrl: "/merits/sorry",
        state: "a state & more",
      },
    });
    assert.equal(asked.status, 200);
    await page.goto(asked.body.request_loginwithsigma_url);
    await page.getByText("Badges").first().waitFor();
    await inspect(page, "merits-login-signed-out");
    await givePassword(page, NORA);
    await page.waitForURL("**/login-with-sigma?**");
    await page.getByRole("heading", { name: "Log in to Badges with your merits?" }).waitFor();
    for (const words of ["Your name and primary e-mail address", "The merits that Harbour Bakery gave you", "Merits of other organizations"]) {
      await page.getByText(words).waitFor();
    }
    await inspect(page, "merits-login");
    await page.getByRole("button", { name: "Allow" }).click();
    await page.waitForURL(`${demo.playground}/**`);
    // The script of the page writes it down.
    const returned = await page.waitForFunction(() => JSON.parse(sessionStorage.getItem("playground-merits"))?.returned);
    const received = Object.fromEntries((await returned.jsonValue()).parameters);
    assert.equal(received.state, "a state & more");
    const exchange = () => call("GET", `/member_id?member_id_token=${received.memberIdToken}`, { orgId });
    const { memberId } = (await exchange()).body;
    assert.match(memberId, /^[0-9a-f]{24}$/);
    assert.equal((await exchange()).status, 404, "a token is exchanged once");

    const member = await call("GET", `/members/${memberId}`, { orgId });
    assert.equal(member.body.email, NORA);
    const merits = () => call("GET", `/members/${memberId}/merits`, { orgId });
    assert.deepEqual((await merits()).body.merits.map(({ meritTemplateTitle }) => meritTemplateTitle), ["Rye <b>master</b>"]);

    // Again in the same session: one click, never none.
    const again = await call("POST", `/orgs/${orgId}/request_loginwithsigma_url`, {
      orgId,
      body: { requestedPermissions: [{ permissionType: "CanViewPublicProfile" }], successUrl: "/merits/welcome", failureUrl: "/merits/sorry", state: "s" },
    });
    await page.goto(again.body.request_loginwithsigma_url);
    await page.getByRole("heading", { name: "Continue to Badges?" }).waitFor();
    await inspect(page, "merits-login-again");
    await page.getByRole("button", { name: "Deny" }).click();
    await page.waitForURL(`${demo.playground}/**`);

    await nora.goto(`${demo.server}/account/merits`);
    await nora.getByRole("heading", { name: "Apps that see your merits" }).waitFor();
    await inspect(nora, "merits-apps");
    await nora.getByRole("button", { name: /^End access/ }).click();
    await notice(nora, "no longer sees");
    const ended = await merits();
    assert.deepEqual([ended.status, ended.body.error_code], [403, "access_not_granted"]);
  } finally {
    await closeDevice(fresh);
  }
});

test("an app asks to be linked, and people who administer nothing cannot", async () => {
  const asked = await call("POST", "/request_linkapp_url", {
    body: {
      requestedPermissions: [{ permissionType: "CanSendAllMeritTemplates" }],
      successUrl: "/merits/linked",
      failureUrl: "/merits/sorry",
    },
  });
  await nora.goto(asked.body.request_linkapp_url);
  await nora.getByText("You do not administer an organization").waitFor();
  await assertAccessible(nora, "merits-link-nobody");
  await demo.admin("", "user", "add", "--email", NORA, "--workspace", "harbour-bakery", "--role", "Admin");
  await nora.reload();
  await nora.getByLabel("Harbour Bakery").check();
  await inspect(nora, "merits-link");
  await nora.getByRole("button", { name: "Link", exact: true }).click();
  await nora.waitForURL(`${demo.playground}/**`);
  await ada.goto(`${demo.server}/org/harbour-bakery/apps`);
  await ada.getByText("Badges").first().waitFor();
  await ada.getByText("Send merits").first().waitFor();
  await inspect(ada, "merits-linked-apps");
  await ada.locator("summary", { hasText: "Unlink" }).click();
  await ada.getByRole("button", { name: /^Unlink/ }).click();
  await notice(ada, "Unlinked");
  const { id: orgId } = told.merits.orgs.find(({ name }) => name === "Harbour Bakery");
  const access = await call("POST", `/orgs/${orgId}/access`);
  assert.equal(access.status, 403);
});

test("a merit is edited, transferred and revoked; profile, members and proposals have their pages", async () => {
  await ada.goto(`${demo.server}/org/harbour-bakery/sent?email=${encodeURIComponent(NORA)}`);
  await ada.getByRole("link", { name: "Nora Field" }).first().click();
  await ada.getByLabel("Speciality").fill("Coriander");
  await ada.getByRole("button", { name: "Save" }).click();
  await notice(ada, "Saved");
  await ada.locator("summary", { hasText: "Revoke" }).click();
  await ada.getByLabel("Reason").fill("A mistake");
  await inspect(ada, "merits-merit");
  await ada.getByRole("button", { name: "Revoke", exact: true }).click();
  await notice(ada, "Revoked");
  await ada.goto(`${demo.server}/org/harbour-bakery/proposed`);
  await inspect(ada, "merits-proposed");
  await ada.goto(`${demo.server}/org/harbour-bakery/profile`);
  await ada.getByLabel("Website").fill("javascript:alert(1)");
  await ada.getByRole("button", { name: "Save" }).click();
  await refused(ada, "must begin with https://");
  await ada.getByLabel("Website").fill("https://bakery.example");
  await ada.getByRole("button", { name: "Save" }).click();
  await notice(ada, "Saved");
  await inspect(ada, "merits-profile");
});

test("mails are stopped, orgs are chosen, and what leads nowhere says so", async () => {
  person.expected.push(/status of 404/);
  const stop = async () => {
    for (const file of await readdir(demo.mails)) {
      const mail = (await readFile(join(demo.mails, file), "utf8")).replace(/=\r?\n/g, "").replaceAll("=3D", "=");
      const [, path] = mail.match(/(\/merits\/unsubscribe\?token=[\w.-]+)/) ?? [];
      if (path) return path;
    }
    return undefined;
  };
  let path;
  for (const deadline = Date.now() + 60_000; !path && Date.now() < deadline; await delay(200)) path = await stop();
  await nora.goto(`${demo.server}${path}`);
  await inspect(nora, "merits-unsubscribe");
  await nora.getByRole("button", { name: "Stop these e-mails" }).click();
  await notice(nora, "gets no more e-mails");
  await inspect(nora, "merits-unsubscribed");
  for (const page of ["login-with-sigma", "link-app"]) {
    await nora.goto(`${demo.server}/${page}?token=unknown`);
    await nora.getByRole("heading", { name: "This link does not work" }).waitFor();
    await inspect(nora, `merits-unknown-${page}`);
  }
  const library = told.merits.orgs.find(({ name }) => name !== "Harbour Bakery");
  await nora.goto(`${demo.server}/org/${library.id}/sent`);
  await nora.getByRole("heading", { name: "You have no access to this organization" }).waitFor();
  await inspect(nora, "merits-no-access");
  await demo.admin("", "user", "add", "--email", NORA, "--workspace", library.id, "--role", "Admin");
  await nora.goto(`${demo.server}/org`);
  await nora.getByRole("heading", { name: "Your organizations" }).waitFor();
  await inspect(nora, "merits-chooser");
  await nora.goto(`${demo.server}/merits/verify`);
  await nora.getByLabel("Paste the credential").fill("nothing of the kind");
  await nora.getByRole("button", { name: "Verify" }).click();
  await refused(nora, "not a credential");
  await inspect(nora, "merits-verify");
});

test("the Playground shows each request of the story with its answer", async () => {
  const page = await person.context.newPage();
  await page.goto(`${demo.playground}/#merits`);
  await page.getByLabel("Org", { exact: true }).selectOption({ index: 1 });
  const press = async (label) => {
    const action = page.locator("section.action").filter({ has: page.getByRole("button", { name: label, exact: true }) });
    await action.getByRole("button", { name: label, exact: true }).click();
    await action.locator(".badge").waitFor();
    return action.locator(".badge").innerText();
  };
  assert.equal(await press("Request token"), "200 OK");
  assert.equal(await press("Request login URL"), "200 OK");
  await page.getByRole("link", { name: "Log in with Sigma" }).click();
  await page.getByRole("button", { name: "Allow" }).click();
  await page.waitForURL(`${demo.playground}/**`);
  await page.getByText("state matches the request").waitFor();
  assert.equal(await press("Exchange token"), "200 OK");
  assert.equal(await press("List templates"), "200 OK");
  assert.equal(await press("Send merit"), "200 OK");
  assert.equal(await press("Read member"), "200 OK");
  assert.equal(await press("Read merits"), "200 OK");
  assert.equal(await press("Read access merit"), "200 OK");
  await inspect(page, "playground-merits");
  await page.close();
});
