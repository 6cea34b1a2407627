//! MCP: a client whose id is the address of its document, from the first 401 to the call of a tool. Sigma fetches documents from
//! public addresses alone, so everything runs in a network of its own, in which this machine has one.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { provider, redirect, startNotes, useTool } from "./mcp.mjs";
import { startSigma } from "../support/sigma.mjs";

const run = promisify(execFile);
const host = "client.example.org";
const address = "93.184.216.34";
const client_id = `https://${host}/oauth/metadata.json`;
const network = `ip link set lo up && ip address add ${address}/32 dev lo`;
const separate = ["--map-root-user", "--net", "--mount", "sh", "-c"];

const inside = process.env.SIGMA_TEST_NETWORK;

/** Why a network of its own cannot be had, or false. A server on another machine cannot be reached from it. */
async function unavailable() {
  if ((process.env.SIGMA_TEST_STORE ?? "sqlite") !== "sqlite") return "the database is outside of that network";
  return run("unshare", [...separate, `${network} && openssl version`]).then(() => false, (error) => `no network of its own: ${error.message}`);
}

test("a client that only a document describes uses a tool", { skip: !inside && (await unavailable()) }, async () => {
  const directory = inside ?? (await mkdtemp(join(tmpdir(), "sigma-network-")));
  if (inside) return useToolByDocument(directory);
  try {
    await writeFile(join(directory, "hosts"), `${address} ${host}\n${await readFile("/etc/hosts", "utf8")}`);
    const make = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", `/CN=${host}`];
    const files = ["-addext", "basicConstraints=critical,CA:FALSE", "-addext", `subjectAltName=DNS:${host}`, "-keyout", join(directory, "key.pem"), "-out", join(directory, "cert.pem")];
    await run("openssl", [...make, ...files]);
    const command = `${network} && mount --bind "$0/hosts" /etc/hosts && exec "$1" --test "$2"`;
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    env.SIGMA_TEST_NETWORK = directory;
    env.SSL_CERT_FILE = join(directory, "cert.pem");
    const args = [...separate, command, directory, process.execPath, new URL(import.meta.url).pathname];
    const child = spawn("unshare", args, { env, stdio: ["ignore", "pipe", "pipe"] });
    let printed = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (printed += text));
    assert.equal(await new Promise((resolve) => child.once("exit", resolve)), 0, printed);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

async function useToolByDocument(directory) {
  const document = {
    client_id,
    client_name: "Notes Reader",
    redirect_uris: [redirect],
    grant_types: ["authorization_code", "refresh_token"],
    token_endpoint_auth_method: "none",
  };
  let fetches = 0;
  const [key, cert] = await Promise.all(["key.pem", "cert.pem"].map((name) => readFile(join(directory, name))));
  const server = createServer({ key, cert }, (request, response) => {
    fetches += 1;
    response.setHeader("content-type", "application/json").end(JSON.stringify(document));
  });
  await new Promise((resolve) => server.listen(443, address, resolve));
  const sigma = await startSigma({ SIGMA__CLIENT_DOCUMENTS__HOSTS: '["*"]' });
  let notes;
  try {
    notes = await startNotes(sigma);
    const client = provider(undefined, { clientMetadataUrl: client_id });
    const { claims } = await useTool(sigma, notes.url, client);
    assert.equal(claims.client_id, client_id);
    assert.equal(fetches, 1);
  } finally {
    notes?.stop();
    await sigma.stop();
    server.closeAllConnections();
    server.close();
  }
}
