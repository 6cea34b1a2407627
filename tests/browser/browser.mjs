//! Chromium under observation: every request is recorded, and every console error and every violation of the content security
//! policy fails the test that caused it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const output = new URL("output/", import.meta.url).pathname;

export const desktop = { width: 1280, height: 800 };
export const phone = { width: 390, height: 844 };

/** Chromium without its windows, which takes little more than half the time. Frames of other sites take no clicks in it. */
const shell = process.env.CHROMIUM ?? "/usr/bin/chromium-headless-shell";
/** All of Chromium. */
export const wholeChromium = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** Without these switches Chromium phones home at each start. */
const launch = {
  executablePath: wholeChromium,
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
};

/** Starts Chromium. */
export function openChromium(executablePath = shell) {
  return chromium.launch({ ...launch, executablePath });
}

/**
 * A device with a profile of its own in `directory`, in which frames on other sites may ask for storage. All other devices are
 * incognito, where they see none.
 */
export async function openProfile(directory, options = {}) {
  await mkdir(join(directory, "Default"), { recursive: true });
  const preferences = { profile: { cookie_controls_mode: 0, block_third_party_cookies: false } };
  await writeFile(join(directory, "Default/Preferences"), JSON.stringify(preferences));
  const newContext = (given) => chromium.launchPersistentContext(directory, { ...launch, ...given });
  return openDevice({ newContext }, options);
}

/** Lets pages of `embedded` in frames on pages of `origin` have the storage of their own site, as if the user had allowed it. */
export async function allowStorage({ context }, origin, embedded) {
  const session = await context.browser().newBrowserCDPSession();
  const permission = { name: "storage-access" };
  await session.send("Browser.setPermission", { permission, setting: "granted", origin, embeddedOrigin: embedded });
}

/** A device of its own: no cookies, no storage. */
export async function openDevice(chromium, options = {}) {
  const context = await chromium.newContext({ viewport: desktop, reducedMotion: "reduce", ...options });
  // Longer than anything takes on an overloaded machine: what is broken never gets there.
  context.setDefaultTimeout(60_000);
  const device = { context, requests: [], complaints: [], expected: [] };
  context.on("request", (request) => device.requests.push(request));
  context.on("console", (message) => {
    if (message.type() === "error") device.complaints.push(`${message.text()} (${message.location().url})`);
  });
  context.on("weberror", (error) => device.complaints.push(String(error.error())));
  await context.exposeBinding("policyBreach", ({ page }, text) => device.complaints.push(`${page.url()}: ${text}`));
  await context.addInitScript(() =>
    addEventListener("securitypolicyviolation", (event) =>
      globalThis.policyBreach(`${event.violatedDirective} forbids ${event.blockedURI || "inline"}`),
    ),
  );
  return device;
}

/** Closes the device; fails on every console error that matches none of `device.expected`. */
export async function closeDevice(device) {
  await device.context.close();
  const surprising = device.complaints.filter((text) => !device.expected.some((pattern) => pattern.test(text)));
  assert.deepEqual(surprising, []);
}

/** Closes them one by one, despite failures: a remaining server would keep the tests from ending. */
export async function closeAll(...ends) {
  const failures = [];
  for (const end of ends) await Promise.resolve().then(end).catch((failure) => failures.push(failure));
  if (failures.length > 0) throw failures[0];
}

/** Everything that left the device, one string per request: address, headers and body. */
export async function traffic(device) {
  return Promise.all(
    device.requests.map(async (request) => {
      const headers = Object.entries(await request.allHeaders().catch(() => request.headers()));
      const body = request.postDataBuffer()?.toString("latin1") ?? "";
      return [request.method(), request.url(), ...headers.map((pair) => pair.join(": ")), body].join("\n");
    }),
  );
}

/** Which of `secrets` (by name: text or bytes) occur in `messages`, in any encoding that could carry them. */
export function leaks(messages, secrets) {
  const everything = messages.join("\n").toLowerCase();
  return Object.entries(secrets).filter(([, secret]) => {
    const bytes = Buffer.from(secret);
    const spellings = [bytes.toString("hex"), bytes.toString("base64").replace(/=+$/, ""), bytes.toString("base64url")];
    if (typeof secret === "string") {
      const form = new URLSearchParams([["", secret]]).toString().slice(1);
      spellings.push(secret, encodeURIComponent(secret), form, JSON.stringify(secret).slice(1, -1));
    }
    return spellings.some((spelling) => everything.includes(spelling.toLowerCase()));
  });
}

/** Checks for serious accessibility faults: by all rules in light, and in dark by the one that colours matter to. */
export async function assertAccessible(page, name) {
  await page.evaluate(axe);
  for (const colorScheme of ["dark", "light"]) {
    await page.emulateMedia({ colorScheme });
    const rules = colorScheme === "dark" ? { runOnly: ["color-contrast"] } : {};
    const options = { resultTypes: ["violations"], preload: false, ...rules };
    const { violations } = await page.evaluate((options) => globalThis.axe.run(document, options), options);
    const serious = violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => `${name}, ${colorScheme}: ${id}: ${nodes.map(({ html }) => html).join(" · ")}`);
    assert.deepEqual(serious, []);
  }
}

/** Whether screenshots are taken: they are for people to look at, and no test reads them. */
const photographs = process.env.PHOTOGRAPHS !== "none";

/** Takes screenshots on a phone and a desktop, in light and dark. Nothing may need horizontal scrolling, in whichever
 *  direction a language is written. */
export async function photograph(page, name) {
  await mkdir(output, { recursive: true });
  for (const [kind, size] of Object.entries({ phone, desktop })) {
    await page.setViewportSize(size);
    for (const direction of ["rtl", "ltr"]) {
      const overflow = await page.evaluate((direction) => {
        document.documentElement.dir = direction;
        return document.documentElement.scrollWidth - document.documentElement.clientWidth;
      }, direction);
      assert.ok(overflow <= 0, `${name}, ${direction}, is ${overflow} px too wide for a ${kind}`);
    }
    for (const colorScheme of photographs ? ["dark", "light"] : []) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: `${output}${name}-${kind}-${colorScheme}.png`, fullPage: true });
    }
  }
}

/** Inspects a page: accessibility, and screenshots. */
export async function inspect(page, name) {
  await page.waitForLoadState("load");
  await assertAccessible(page, name);
  await photograph(page, name);
}
