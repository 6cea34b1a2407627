//! The terminal program of docs/examples/device signs a person in by a code.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, before, test } from "node:test";
import { startSigma } from "../support/sigma.mjs";
import { newPerson } from "../interop/person.mjs";

const example = new URL("../../docs/examples/device/", import.meta.url).pathname;

let sigma;
before(async () => {
  sigma = await startSigma();
  await sigma.admin(
    ...["app", "add", "--name", "Terminal", "--client-id", "terminal", "--type", "native", "--auth", "none"],
    ...["--grant-type", "device_code", "--grant-type", "refresh_token"],
  );
});
after(() => sigma?.stop());

/** Starts the program; resolves once it shows a code, to that, its output so far and its end. */
async function start() {
  const child = spawn("node", ["device.mjs", sigma.issuer, "terminal"], { cwd: example, stdio: ["ignore", "pipe", "pipe"] });
  let printed = "";
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const code = await new Promise((resolve, reject) => {
    ended.then((status) => reject(new Error(`it ended with ${status}:\n${printed}`)));
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        printed += text;
        const shown = printed.match(/\b[A-Z2-9]{4}-[A-Z2-9]{4}\b/);
        if (shown && printed.includes("Waiting")) resolve(shown[0]);
      });
    }
  });
  return { code, ended, printed: () => printed };
}

test("a person lets the terminal in, or turns it away", async () => {
  const person = await newPerson(sigma.issuer);
  await person.signIn();
  for (const [decision, status, last] of [
    ["approve", 0, "This device stays signed in."],
    ["deny", 1, "You denied it."],
  ]) {
    const terminal = await start();
    assert.match(terminal.printed(), /\/device .* enter the code/);
    assert.match(terminal.printed(), /[▀▄█]{5}/, "a QR code");
    const page = await person.browser.fetch(`${sigma.issuer}/device?user_code=${terminal.code}`).then((r) => r.text());
    assert.ok(page.includes("Terminal") && page.includes(terminal.code), page);
    const answer = await person.browser.post(`${sigma.issuer}/api/auth/device/${decision}`, { userCode: terminal.code });
    assert.equal(answer.status, 200, await answer.text());
    assert.equal(await terminal.ended, status, terminal.printed());
    assert.ok(terminal.printed().includes(last), terminal.printed());
  }
});
