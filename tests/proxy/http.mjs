//! Requests with exactly the headers of a test, and an API that echoes what it received.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createPublicKey, verify } from "node:crypto";
import { createServer, request } from "node:http";
import { text } from "node:stream/consumers";

/** Sends one request to a port of this machine. `headers` is a list of names and values, in the order they are sent. */
export function send(port, { method = "GET", path = "/", headers = [], body } = {}) {
  return new Promise((resolve, reject) => {
    const host = headers.some(([name]) => name === "Host") ? [] : ["Host", "api.example.org"];
    const all = [...host, ...headers.flat()];
    if (body !== undefined) all.push("Content-Length", String(Buffer.byteLength(body)));
    const sent = request({ host: "127.0.0.1", port, method, path, headers: all, agent: false }, async (answer) => {
      const body = await text(answer);
      const json = answer.headers["content-type"]?.startsWith("application/json") ? JSON.parse(body) : undefined;
      resolve({ status: answer.statusCode, headers: answer.headers, body, json });
    });
    sent.once("error", reject).end(body);
  });
}

/** An API that echoes method, path, headers and body as they arrived. */
export async function startApi() {
  let calls = 0;
  const server = createServer(async (incoming, answer) => {
    calls += 1;
    const seen = { method: incoming.method, path: incoming.url, headers: incoming.headers, body: await text(incoming) };
    answer.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(seen));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${server.address().port}`,
    /** How many requests reached it. */
    calls: () => calls,
    stop: () => new Promise((resolve) => (server.close(resolve), server.closeAllConnections())),
  };
}

/** An API of Python's wsgiref, to which a header with "_" in its name is the one with "-": it answers what it was told. */
export async function startWsgiApi() {
  const child = spawn("python3", [new URL("wsgi.py", import.meta.url).pathname], { stdio: ["ignore", "pipe", "ignore"] });
  const address = await new Promise((resolve, reject) => {
    child.once("error", reject).once("exit", (code) => reject(new Error(`wsgi.py ended with ${code}`)));
    child.stdout.setEncoding("utf8").once("data", (line) => resolve(line.trim()));
  });
  return {
    address,
    stop: () => new Promise((resolve) => (child.removeAllListeners("exit").once("exit", resolve), child.kill())),
  };
}

/** The claims of the fifth header for `audience`, after verifying its type, its signature by a key of Sigma's and its audience. */
export async function signedCaller(issuer, token, audience) {
  const [header, claims, signature] = token.split(".");
  const read = (part) => JSON.parse(Buffer.from(part, "base64url"));
  const { typ, alg, kid } = read(header);
  assert.deepEqual([typ, alg], ["sigma-forward+jwt", "ES256"]);
  const { keys } = await (await fetch(`${issuer}/.well-known/jwks.json`)).json();
  const key = createPublicKey({ key: keys.find((key) => key.kid === kid), format: "jwk" });
  const signed = Buffer.from(`${header}.${claims}`);
  assert.ok(verify("sha256", signed, { key, dsaEncoding: "ieee-p1363" }, Buffer.from(signature, "base64url")));
  assert.deepEqual([read(claims).iss, read(claims).aud], [issuer, audience]);
  return read(claims);
}

/** The four headers that describe the caller, as the API received them. */
export function caller(seen) {
  const names = ["user-id", "workspace-id", "role-id", "permissions"];
  return Object.fromEntries(names.map((name) => [name, seen.headers[`x-sigma-${name}`] ?? ""]));
}
