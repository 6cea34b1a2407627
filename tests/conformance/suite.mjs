//! Starts the suite's jar behind TLS, and calls its API (`/api-document.html` of a running one).

import { execFile, spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { createServer } from "node:https";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { freePort } from "../support/sigma.mjs";

/** The name of the suite's host. Apps that register themselves may not be at localhost, which is the user's own machine. */
export const HOST = process.env.SUITE_HOST ?? hostname();
/** How long the suite may take to start, and one module to end, in milliseconds. */
const START = 600_000;
const MODULE = 240_000;
/** States in which nothing happens by itself. */
const ENDED = ["FINISHED", "INTERRUPTED"];

/** A certificate for this machine that signs itself: paths of certificate and key. One of an authority is no server's to rustls. */
export async function certificate(directory) {
  const [cert, key, config] = ["cert.pem", "key.pem", "openssl.cnf"].map((name) => join(directory, name));
  const extensions = [`subjectAltName=DNS:localhost,DNS:${HOST},IP:127.0.0.1`, "basicConstraints=critical,CA:FALSE"];
  const lines = ["[req]", "distinguished_name=name", "x509_extensions=own", "prompt=no", "[name]", "CN=localhost", "[own]"];
  await writeFile(config, [...lines, ...extensions, ""].join("\n"));
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "7"];
  await promisify(execFile)("openssl", ["req", "-x509", "-config", config, ...kind, "-keyout", key, "-out", cert]);
  return { cert, key };
}

/**
 * The suite, which keeps its data in the MongoDB at `mongo`. It refuses requests that did not come by https, and expects a
 * proxy that ends TLS.
 */
export async function startSuite({ java, jar, mongo, tls }) {
  const [port, open, mutual] = [await freePort(), await freePort(), await freePort()];
  const base = `https://${HOST}:${open}`;
  const settings = {
    "fintechlabs.devmode": "true",
    "fintechlabs.base_url": base,
    "fintechlabs.base_mtls_url": `https://${HOST}:${mutual}`,
    "spring.mongodb.uri": mongo,
    "spring.data.mongodb.uri": mongo,
    "server.port": port,
  };
  const args = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
  const child = spawn(java, ["-Xmx1500m", "-jar", jar, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => (printed = (printed + text).slice(-20_000)));
  }
  const front = createServer({ cert: await readFile(tls.cert), key: await readFile(tls.key) }, (incoming, answer) => {
    const headers = {
      ...incoming.headers,
      "x-forwarded-proto": "https",
      "x-forwarded-port": String(open),
      "x-ssl-protocol": incoming.socket.getProtocol(),
      "x-ssl-cipher": incoming.socket.getCipher().name,
    };
    // What the suite says about its connections is not true of those to this proxy: a client would use one that was closed.
    const onward = request({ port, method: incoming.method, path: incoming.url, headers, agent: false }, (found) => {
      const { connection, "keep-alive": idle, "transfer-encoding": coding, ...kept } = found.headers;
      answer.writeHead(found.statusCode, kept);
      found.pipe(answer);
    });
    onward.on("error", () => answer.destroy());
    incoming.pipe(onward);
  });
  front.keepAliveTimeout = 2 * MODULE;
  await new Promise((resolve) => front.listen(open, resolve));
  const stop = async () => {
    child.kill("SIGTERM");
    front.closeAllConnections();
    front.close();
  };
  const { call } = running(base);
  for (const deadline = Date.now() + START; ; ) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`the suite did not start:\n${printed.slice(-4_000)}`);
    }
    const ready = await call("GET", "runner/available").catch(() => null);
    if (ready) break;
    await delay(1_000);
  }
  return { base, call, stop };
}

/** The API of the suite at `base`. */
export function running(base) {
  const call = async (method, path, { query = {}, body } = {}) => {
    const url = new URL(`${base}/api/${path}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const headers = body === undefined ? {} : { "content-type": typeof body === "string" ? "text/plain" : "application/json" };
    const content = typeof body === "string" ? body : JSON.stringify(body);
    const response = await fetch(url, { method, headers, body: content });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${url.pathname}: ${response.status} ${text.slice(0, 500)}`);
    return text === "" ? null : JSON.parse(text);
  };
  return { base, call, stop: async () => {} };
}

/** A plan with that configuration: its id, and its modules with their variants. */
export function createPlan({ call }, { plan, variant }, config) {
  return call("POST", "plan", { query: { planName: plan, variant: JSON.stringify(variant) }, body: config });
}

/**
 * Runs one module. `visit(url, method)` plays the person at each address that the suite wants opened, and resolves to a PNG of
 * what it wants to see; `prepare()` does what the operator is asked for before the start. Resolves to status and result, what was
 * wrong, the log, and the pictures that were handed in.
 */
export async function runModule({ call }, plan, { testModule, variant }, { visit, prepare }) {
  const query = { test: testModule, plan, ...(variant ? { variant: JSON.stringify(variant) } : {}) };
  const { id } = await call("POST", "runner", { query });
  const pictures = [];
  let picture;
  // Between two addresses the module runs on, and what it will want to see is not yet there.
  let idle = 0;
  for (const deadline = Date.now() + MODULE; Date.now() < deadline; await delay(300)) {
    const info = await call("GET", `info/${id}`);
    if (ENDED.includes(info.status)) break;
    if (info.status === "CONFIGURED") {
      await prepare();
      await call("POST", `runner/${id}`);
    }
    if (info.status !== "WAITING") {
      idle = 0;
      continue;
    }
    const { browser } = await call("GET", `runner/${id}`);
    const urls = browser?.urlsWithMethod ?? (browser?.urls ?? []).map((url) => ({ url, method: "GET" }));
    for (const { url, method } of urls) {
      await call("POST", `runner/browser/${id}/visit`, { query: { url } });
      picture = await visit(url, method);
    }
    idle = urls.length === 0 ? idle + 1 : 0;
    if (idle === 3 && picture && (await upload(call, id, picture))) pictures.push(picture);
  }
  const info = await call("GET", `info/${id}`);
  if (!ENDED.includes(info.status)) await call("DELETE", `runner/${id}`).catch(() => {});
  const log = await call("GET", `log/${id}`);
  const wrong = log.filter((entry) => entry.result === "FAILURE" || entry.result === "WARNING");
  return { ...info, id, log, pictures, reasons: [...new Set(wrong.map((entry) => `${entry.src}: ${entry.msg}`))] };
}

/** Hands in the picture wherever the suite wants one; whether it did. */
async function upload(call, id, picture) {
  const wanted = (await call("GET", `log/${id}`)).filter((entry) => entry.upload);
  for (const entry of wanted) {
    await call("POST", `log/${id}/images/${entry.upload}`, { body: `data:image/png;base64,${picture.toString("base64")}` });
  }
  return wanted.length > 0;
}
