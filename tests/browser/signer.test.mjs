//! The signer in a frame on another site: both protocols, and everything that an app's page might try.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import {
  allowStorage,
  assertAccessible,
  closeAll,
  closeDevice,
  desktop,
  inspect,
  openChromium,
  openDevice,
  openProfile,
  photograph,
  wholeChromium,
} from "./browser.mjs";
import { startDemo } from "./demo.mjs";
import { serveApp } from "./signer-app.mjs";
import { makeKey, password } from "./wallet.mjs";

const { parseAuthToken, verifyAuthToken } = createRequire(new URL("../interop/package.json", import.meta.url))("bitcoin-auth");

let chromium;
let demo;
let app;
let device;
let page;
let bapId;
let profile;

before(async () => {
  chromium = await openChromium(wholeChromium);
  [demo, app] = await Promise.all([startDemo(), serveApp()]);
  await demo.admin("", "app", "set", "playground", "--signer-origin", app.origin);
  profile = await mkdtemp(join(tmpdir(), "sigma-profile-"));
  device = await openProfile(profile, { acceptDownloads: true });
  // Nobody is there to answer the browser's own question.
  await allowStorage(device, app.origin, demo.server);
  page = await device.context.newPage();
  await page.goto(`${demo.server}/signup`);
  await makeKey(page);
  await page.getByText("You are signed in to").waitFor();
  bapId = await page.evaluate(() => JSON.parse(localStorage.sigmaKeyHint).bapId);
});
after(() =>
  closeAll(
    () => device && closeDevice(device),
    () => chromium?.close(),
    () => demo?.stop(),
    () => app?.stop(),
    () => profile && rm(profile, { recursive: true, force: true }),
  ),
);
afterEach(async () => {
  await page.goto(`${demo.server}/signer`);
  await page.evaluate(() => localStorage.removeItem("sigmaSignerPermissions"));
});

/** Opens the app with the plugin's signer; `signer` in the page. */
async function openPlugin(tab = page, path = "/") {
  await tab.goto(app.origin + path);
  await tab.waitForFunction(() => globalThis.SigmaIframeSigner);
  await tab.evaluate(
    async ([issuer, identity]) => {
      globalThis.signer = new SigmaIframeSigner(issuer);
      await signer.init();
      signer.setIdentity(identity);
    },
    [demo.server, bapId],
  );
  return tab.frameLocator("iframe");
}

/** Begins a call in the page and returns its outcome: `{value}` or `{error}`. */
function begin(tab, code, ...values) {
  return tab.evaluate(
    ([source, given]) =>
      new Function("values", `return (${source})(...values)`)(given).then(
        (value) => ({ value }),
        (error) => ({ error: error.message, code: error.code }),
      ),
    [code.toString(), values],
  );
}

/** Unlocks the key and allows what is asked. */
const allowFirst = (frame, { remember = false } = {}) => allow(frame, { remember, secret: password });

/** Allows what is asked. */
async function allow(frame, { remember = false, secret } = {}) {
  if (secret) await frame.getByLabel("Key password").fill(secret);
  if (remember) await frame.getByLabel(/ask again/).check();
  await frame.getByRole("button", { name: /allow$/i }).click();
}

/** Inspects the page inside of the frame, and photographs the app around it. */
async function inspectFrame(tab, name) {
  const inside = tab.frames().find((frame) => frame.url().includes("/signer"));
  const both = { emulateMedia: (media) => tab.emulateMedia(media), evaluate: (...code) => inside.evaluate(...code) };
  await assertAccessible(both, name);
  await photograph(tab, name);
  await tab.setViewportSize(desktop);
}

/** Waits until the app has hidden the frame. */
const hidden = (tab) => tab.waitForFunction(() => document.querySelector("iframe").style.display === "none");

const isShown = (tab) => tab.evaluate(() => document.querySelector("iframe").style.display === "block");

test("the published plugin signs, encrypts and decrypts in a frame on another site", async () => {
  const frame = await openPlugin();
  assert.equal(await isShown(page), false);
  const body = JSON.stringify({ note: "Grüße" });
  const signing = begin(page, (path, text) => signer.sign(path, text), "/api/notes", body);
  await frame.getByText("/api/notes").waitFor();
  assert.equal(await isShown(page), true);
  await frame.getByText(app.origin).first().waitFor();
  await allow(frame, { secret: "not the password" });
  await frame.getByRole("alert").filter({ hasText: /password/ }).waitFor();
  await allow(frame, { secret: password });
  const { value: token } = await signing;
  await hidden(page);
  const { pubkey, scheme, timestamp } = parseAuthToken(token);
  assert.equal(scheme, "brc77");
  assert.ok(verifyAuthToken(token, { requestPath: "/api/notes", timestamp, body }));
  assert.equal(verifyAuthToken(token, { requestPath: "/api/other", timestamp, body }), false);

  const second = begin(page, () => signer.sign("/api/notes", undefined, "bsm"));
  await allow(frame);
  const bsm = parseAuthToken((await second).value);
  assert.deepEqual([bsm.scheme, bsm.pubkey], ["bsm", pubkey]);
  assert.ok(verifyAuthToken((await second).value, { requestPath: "/api/notes", timestamp: bsm.timestamp }));

  const data = begin(page, () => signer.signAIP(["68656c6c6f", "776f726c64"]));
  await frame.getByRole("heading", { name: "Sign data?" }).waitFor();
  await frame.getByText("hello world").waitFor();
  await allow(frame);
  const { value: pushes } = await data;
  assert.deepEqual(pushes.slice(0, 3), ["68656c6c6f", "776f726c64", "7c"]);
  assert.equal(pushes.length, 7);

  const friend = "39sYo2ZDYuLPE2WsQvnQCWKZHoeu";
  const asked = begin(page, (id) => signer.getFriendPublicKey(id), friend);
  await allow(frame);
  assert.match((await asked).value, /^0[23][0-9a-f]{64}$/);
  const encrypting = begin(page, (id) => signer.encrypt("Grüße", id), friend);
  await allow(frame);
  const { value: ciphertext } = await encrypting;
  const decrypting = begin(page, (text, id) => signer.decrypt(text, id), ciphertext, friend);
  await allow(frame);
  assert.equal((await decrypting).value, "Grüße");
});

test("CWI works as its contract says", async () => {
  await page.goto(app.origin);
  await page.waitForFunction(() => globalThis.CwiClient);
  await page.evaluate(([issuer, identity]) => (globalThis.client = new CwiClient(issuer, identity)), [demo.server, bapId]);
  await page.evaluate(() => client.ready);
  assert.deepEqual(await page.evaluate(() => client.states), [{}], "the first state carries nothing");
  const frame = page.frameLocator("iframe");
  const signing = begin(page, () => client.call("signAuthToken", { requestPath: "/api/notes", signatureType: "bsm" }));
  await allowFirst(frame);
  const { value: token } = await signing;
  assert.equal(parseAuthToken(token).scheme, "bsm");
  const states = await page.evaluate(() => client.states);
  assert.ok(states.some(({ status }) => status === "need_password"), JSON.stringify(states));
  await page.waitForFunction(() => !client.shown);

  const friends = { protocolID: [2, "sigma-encrypt"], keyID: "39sYo2ZDYuLPE2WsQvnQCWKZHoeu" };
  const key = begin(page, (args) => client.call("getPublicKey", args), friends);
  await allow(frame);
  assert.match((await key).value.publicKey, /^0[23]/);
  const encrypting = begin(page, (args) => client.call("encrypt", { ...args, plaintext: new Uint8Array([1, 2, 3]) }), friends);
  await allow(frame);
  const { ciphertext } = (await encrypting).value;
  const decrypting = begin(page, (args, data) => client.call("decrypt", { ...args, ciphertext: data }), friends, ciphertext);
  await allow(frame);
  assert.deepEqual(Object.values((await decrypting).value.plaintext), [1, 2, 3]);
  const data = begin(page, () => client.call("signAIP", { hexArray: ["6a", "00"] }));
  await allow(frame);
  assert.equal((await data).value.length, 7);
  const denied = begin(page, () => client.call("signAIP", { hexArray: ["00"] }));
  await frame.getByRole("button", { name: "Deny" }).click();
  assert.deepEqual(await denied, { error: "Denied by the user", code: 1 });
  assert.equal((await begin(page, () => client.call("createAction", {}))).code, 2);
  assert.equal((await begin(page, () => client.call("encrypt", { plaintext: [1] }))).code, 6);
});

test("a page that embeds the signer gets no signature for our own paths", async () => {
  const frame = await openPlugin();
  for (const path of [
    "/api/auth/sign-in/sigma",
    `${demo.server}/api/auth/sign-in/sigma`,
    "/api/auth/../auth/sign-in/sigma",
    "/api%2fauth%2fsign-in%2fsigma",
    "//api//auth/sign-in/sigma",
    "\\api\\auth\\sign-in\\sigma",
    "/API/AUTH/sign-in/sigma?x=1",
    "/sigma/authorize",
    "/oauth2/authorize",
    "/api/backup",
    "/api/user/bap-ids",
  ]) {
    const { error } = await begin(page, (asked) => signer.sign(asked), path);
    assert.match(error ?? "signed", /identity server/, path);
  }
  assert.equal(await isShown(page), false, "nobody is asked");
  assert.equal(await frame.getByRole("heading").count(), 0);
});

test("a scripted click does not sign, nor does one that comes too early", async () => {
  const frame = await openPlugin();
  const signing = begin(page, () => signer.sign("/api/notes"));
  await frame.getByLabel("Key password").fill(password);
  const inside = page.frames().find((each) => each.url().includes("/signer"));
  const click = () => {
    const button = document.getElementById("allow");
    button.disabled = false;
    button.click();
    button.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    button.form.requestSubmit();
  };
  for (let tries = 0; tries < 3; tries += 1) {
    await inside.evaluate(click);
    await delay(400);
  }
  assert.equal(await isShown(page), true, "still asking");
  // A moment of being covered starts the half second again.
  await page.evaluate(() => {
    const cover = document.body.appendChild(document.createElement("div"));
    cover.id = "cover";
    cover.style.cssText = "position: fixed; inset: 0; z-index: 10001; pointer-events: none; background: white";
  });
  await frame.locator("#allow:disabled").waitFor();
  await frame.getByText("Part of this page is hidden").waitFor();
  await inside.evaluate(() => (document.getElementById("allow").disabled = false));
  await page.mouse.click(...(await centre(frame.locator("#allow"))));
  await delay(600);
  assert.equal(await isShown(page), true, "what is covered cannot be allowed");
  await inside.evaluate(() => (document.getElementById("allow").disabled = true));
  await page.evaluate(() => document.getElementById("cover").remove());
  await frame.getByRole("button", { name: "Unlock and allow" }).click();
  assert.ok((await signing).value);
});

async function centre(locator) {
  const { x, y, width, height } = await locator.boundingBox();
  return [x + width / 2, y + height / 2];
}

test("a frame that is transparent or transformed cannot be clicked", async () => {
  const frame = await openPlugin();
  const signing = begin(page, () => signer.sign("/api/notes"));
  await frame.locator("#allow:enabled").waitFor();
  for (const style of ["opacity: 0.01", "transform: scale(0.5)", "clip-path: inset(40% 40% 0 0)", "filter: blur(3px)"]) {
    await page.evaluate((css) => (document.querySelector("iframe").style.cssText += `;${css}`), style);
    await frame.locator("#allow:disabled").waitFor({ state: "attached" });
    await page.evaluate((name) => document.querySelector("iframe").style.removeProperty(name), style.split(":")[0]);
    await frame.locator("#allow:enabled").waitFor();
  }
  await frame.getByRole("button", { name: "Deny" }).click();
  assert.equal((await signing).error, "Denied by the user");
});

test("a third window is not listened to", async () => {
  const frame = await openPlugin();
  const signing = begin(page, () => signer.sign("/api/notes"));
  await allowFirst(frame, { remember: true });
  assert.ok((await signing).value);
  assert.ok((await begin(page, () => signer.sign("/api/notes"))).value, "permitted for good");
  const [third] = await Promise.all([page.waitForEvent("popup"), page.evaluate((url) => void window.open(url), `${app.origin}/`)]);
  await third.waitForFunction(() => globalThis.heard);
  const heard = await third.evaluate(
    async ([issuer, identity]) => {
      const target = window.opener.frames[0];
      target.postMessage({ type: "SET_IDENTITY", payload: { bapId: identity } }, issuer);
      target.postMessage({ type: "SIGN_REQUEST", payload: { requestId: "1", requestPath: "/api/notes" } }, issuer);
      target.postMessage({ type: "CWI", isInvocation: true, id: "2", call: "signAuthToken", args: { requestPath: "/x" } }, issuer);
      target.postMessage({ sigma: "answer", key: 1, result: {} }, issuer);
      await new Promise((resolve) => setTimeout(resolve, 1000));
      return heard;
    },
    [demo.server, bapId],
  );
  assert.deepEqual(heard, []);
  const answers = await page.evaluate(() => heard.filter(({ data }) => data.payload?.requestId === "1" || data.id === "2"));
  assert.deepEqual(answers, []);
  await third.close();
});

/** What a frame shows whose page may not be framed. */
const REFUSED = "chrome-error://chromewebdata/";

test("an undeclared origin cannot frame the signer", async () => {
  const other = await serveApp();
  const stranger = await openDevice(chromium);
  stranger.expected.push(/frame-ancestors|ERR_BLOCKED_BY_RESPONSE|Refused to frame|chrome-error/);
  const tab = await stranger.context.newPage();
  for (const path of ["/", "/hidden"]) {
    await tab.goto(other.origin + path);
    await tab.evaluate((issuer) => {
      const frame = document.createElement("iframe");
      frame.src = `${issuer}/signer`;
      document.body.append(frame);
    }, demo.server);
    const inside = await tab.waitForFunction(() => window.frames.length === 1).then(() => tab.frames()[1]);
    // Waiting for the address would fail with the navigation, if that is refused meanwhile.
    for (const deadline = Date.now() + 10_000; inside.url() !== REFUSED && Date.now() < deadline; ) await delay(50);
    assert.equal(inside.url(), REFUSED);
  }
  await closeAll(() => closeDevice(stranger), () => other.stop());
});

test("a declared page that hides its origin can use the signer", async () => {
  const frame = await openPlugin(page, "/hidden");
  const signing = begin(page, () => signer.sign("/api/notes"));
  await allowFirst(frame);
  assert.ok((await signing).value);
});

test("a permission is remembered only if the person says so, and can be taken back", async () => {
  let frame = await openPlugin();
  const first = begin(page, () => signer.sign("/api/notes"));
  await allowFirst(frame);
  assert.ok((await first).value);
  const second = begin(page, () => signer.sign("/api/notes"));
  await frame.getByRole("heading", { name: "Sign a request?" }).waitFor();
  await inspectFrame(page, "signer-ask");
  await allow(frame, { remember: true });
  assert.ok((await second).value);
  assert.ok((await begin(page, () => signer.sign("/api/other"))).value, "not asked again");
  const other = begin(page, () => signer.signAIP(["00"]));
  await frame.getByRole("heading", { name: "Sign data?" }).waitFor();
  await frame.getByRole("button", { name: "Deny" }).click();
  assert.equal((await other).error, "Denied by the user", "another kind of request is asked for");

  frame = await openPlugin();
  const later = begin(page, () => signer.sign("/api/notes"));
  await frame.getByLabel("Key password").waitFor();
  await inspectFrame(page, "signer-locked");
  await allow(frame, { secret: password });
  assert.ok((await later).value, "a permission does not unlock the key");

  await page.goto(`${demo.server}/signer`);
  await page.getByText(app.origin).waitFor();
  await inspect(page, "signer-permissions");
  await page.getByRole("button", { name: "Take back" }).click();
  await page.getByText("No site may use your key without asking.").waitFor();
  assert.equal(await page.evaluate(() => localStorage.sigmaSignerPermissions), "[]");
});

test("the key leaves the page's memory with the page", async () => {
  const frame = await openPlugin();
  const signing = begin(page, () => signer.sign("/api/notes"));
  await allowFirst(frame);
  assert.ok((await signing).value);
  const inside = page.frames().find((each) => each.url().includes("/signer"));
  const stored = await inside.evaluate(() => [Object.keys(sessionStorage), Object.keys(localStorage).sort()]);
  // What may be there is the encrypted backup of the sign-up, and its name.
  assert.deepEqual(stored[0], []);
  assert.ok(stored[1].every((name) => ["encryptedBackup", "sigmaKeyHint"].includes(name)), String(stored[1]));
  const again = await openPlugin();
  const asked = begin(page, () => signer.sign("/api/notes"));
  await again.getByLabel("Key password").waitFor();
  await again.getByRole("button", { name: "Deny" }).click();
  assert.equal((await asked).error, "Denied by the user");
});

test("a flood of requests is bounded, and an identity that is not there is refused", async () => {
  const frame = await openPlugin();
  const outcomes = page.evaluate(async () => {
    const all = Array.from({ length: 60 }, () => signer.sign("/api/notes").then(() => "signed", (error) => error.message));
    return Promise.all(all);
  });
  await frame.getByRole("button", { name: "Deny" }).click();
  const counted = {};
  for (const outcome of await outcomes) counted[outcome] = (counted[outcome] ?? 0) + 1;
  assert.deepEqual(counted, { "Too many requests": 40, "Denied by the user": 20 });

  await page.evaluate(() => signer.setIdentity("39sYo2ZDYuLPE2WsQvnQCWKZHoeu"));
  const absent = begin(page, () => signer.sign("/api/notes"));
  await allowFirst(frame);
  await frame.getByRole("heading", { name: "This identity is not on this device" }).waitFor();
  await inspectFrame(page, "signer-absent");
  await frame.getByRole("button", { name: "Close" }).click();
  assert.ok((await absent).error);
});

test("after three denials the page asks nothing more", async () => {
  const frame = await openPlugin();
  for (let count = 0; count < 3; count += 1) {
    const asked = begin(page, () => signer.sign("/api/notes"));
    await frame.getByRole("button", { name: "Deny" }).click();
    assert.equal((await asked).error, "Denied by the user");
  }
  assert.equal((await begin(page, () => signer.sign("/api/notes"))).error, "Denied by the user");
});

test("where the frame gets no storage, a window of ours asks and signs", async () => {
  const state = await device.context.storageState();
  const strict = await openDevice(chromium, { storageState: state });
  strict.expected.push(/requestStorageAccess/);
  const tab = await strict.context.newPage();
  const frame = await openPlugin(tab);
  const signing = begin(tab, () => signer.sign("/api/notes", "body"));
  const opened = tab.waitForEvent("popup");
  await frame.getByRole("heading", { name: "Continue with your key" }).waitFor();
  await inspectFrame(tab, "signer-continue");
  await frame.getByRole("button", { name: "Continue" }).click();
  await Promise.race([opened, delay(2000)]);
  if (strict.context.pages().length === 1) await frame.getByRole("button", { name: "Open a window" }).click();
  const window = await opened;
  assert.equal(new URL(window.url()).origin, demo.server);
  await window.getByText("/api/notes").waitFor();
  await window.getByText(app.origin).first().waitFor();
  await inspect(window, "signer-window");
  await window.getByLabel("Key password").fill(password);
  // A page that knows the window cannot speak to it.
  await tab.evaluate((issuer) => window.frames[0].postMessage({ sigma: "ready" }, issuer), demo.server);
  await window.getByRole("button", { name: "Unlock and allow" }).click();
  const { value: token } = await signing;
  assert.ok(verifyAuthToken(token, { requestPath: "/api/notes", timestamp: parseAuthToken(token).timestamp, body: "body" }));
  await window.getByRole("heading", { name: "Done" }).waitFor();
  await hidden(tab);

  const second = begin(tab, () => signer.signAIP(["00"]));
  await frame.getByRole("heading", { name: "Answer in the other window" }).waitFor();
  await window.getByRole("button", { name: "Allow", exact: true }).click();
  assert.equal((await second).value.length, 6);
  const third = begin(tab, () => signer.sign("/api/notes"));
  await window.getByRole("heading", { name: "Sign a request?" }).waitFor();
  await window.close();
  assert.equal((await third).error, "Denied by the user");
  await closeDevice(strict);
});

test("a window that another site opened answers nobody", async () => {
  await page.goto(app.origin);
  await page.waitForFunction(() => globalThis.heard);
  const [opened] = await Promise.all([
    page.waitForEvent("popup"),
    page.evaluate((issuer) => void (globalThis.other = window.open(`${issuer}/signer#window`)), demo.server),
  ]);
  await opened.waitForLoadState("load");
  const heard = await page.evaluate(
    async ([issuer, identity, origin]) => {
      const to = { dialect: { name: "cwi" }, id: "1" };
      const ask = { kind: "sign", requestPath: "/x", scheme: "bsm", bodyEncoding: "utf8" };
      const request = { origin, bapId: identity, to, ask, deadline: Date.now() + 20_000 };
      other.postMessage({ sigma: "ask", key: 1, request }, issuer);
      other.postMessage({ type: "SET_IDENTITY", payload: { bapId: identity } }, issuer);
      other.postMessage({ type: "SIGN_REQUEST", payload: { requestId: "1", requestPath: "/api/notes" } }, issuer);
      await new Promise((resolve) => setTimeout(resolve, 1000));
      return heard;
    },
    [demo.server, bapId, app.origin],
  );
  assert.deepEqual(heard, []);
  assert.equal(await opened.getByRole("heading", { name: "Sign a request?" }).count(), 0);
  await opened.close();
});
