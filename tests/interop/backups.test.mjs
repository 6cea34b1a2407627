//! Backups in a bucket: moto, a server that speaks the protocol of S3 and that others wrote, keeps them.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { binary, startSigma } from "../support/sigma.mjs";
import { startMoto } from "./moto.mjs";

const run = promisify(execFile);
const RECIPIENT = "age1xmwwc06ly3ee5rytxm9mflaz2u56jjj36s0mypdrwsvlul66mv4q47ryef";
const IDENTITY = "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0\n";
const OLD = "some/where/sigma-20200101T000000Z.backup";
const OTHERS = ["some/where/notes.txt", "some/where/else/sigma-20200101T000000Z.backup", "sigma-20200101T000000Z.backup"];
/** A row of what cannot be compressed, larger than a part. */
const NOISE = `
import os, sqlite3, sys
with sqlite3.connect(sys.argv[1]) as database:
    database.execute("INSERT INTO meta (name, value) VALUES ('noise', ?)", [os.urandom(18 << 20)])
`;

let sigma;
let bucket;
let folder;
/** Passes requests on to moto, unless `second` does something else with the second part of an upload. */
let gate;
let second;

before(async () => {
  bucket = await startMoto("backups");
  gate = createServer((asked, answer) => {
    if (second && asked.method === "PUT" && asked.url.includes("partNumber=2")) return second(answer);
    const { method, headers, url: path } = asked;
    const passed = request(`${bucket.origin}${path}`, { method, headers }, (got) => {
      answer.writeHead(got.statusCode, got.headers);
      got.pipe(answer);
    });
    asked.pipe(passed);
  });
  await new Promise((resolve) => gate.listen(0, "127.0.0.1", resolve));
  folder = await mkdtemp(join(tmpdir(), "sigma-test-"));
  await mkdir(join(folder, "tmp"));
  sigma = await startSigma({
    AWS_ACCESS_KEY_ID: "key",
    AWS_SECRET_ACCESS_KEY: "secret",
    AWS_SESSION_TOKEN: "token",
    AWS_REGION: "eu-central-1",
    AWS_ENDPOINT_URL: `http://127.0.0.1:${gate.address().port}`,
    SIGMA__MASTER_KEY__FILE: join(folder, "sigma.key"),
    TMPDIR: join(folder, "tmp"),
  });
});
after(async () => {
  await Promise.all([sigma?.stop(), bucket?.stop()]);
  gate?.closeAllConnections();
  gate?.close();
  await rm(folder, { recursive: true, force: true });
});

test("a backup in a bucket is tried, restored and superseded", async () => {
  for (const name of [OLD, ...OTHERS]) await fetch(`${bucket.origin}/backups/${name}`, { method: "PUT", body: "x" });
  const made = await sigma.admin("backup", "--to", "s3://backups/some/where/", "--age", RECIPIENT, "--keep", "1");
  assert.match(made.file, /^s3:\/\/backups\/some\/where\/sigma-\d{8}T\d{6}Z\.backup\.age$/);
  assert.deepEqual(made.deleted, [OLD.split("/").at(-1)]);
  const key = made.file.replace("s3://backups/", "");
  assert.deepEqual((await bucket.keys()).sort(), [key, ...OTHERS].sort());
  const kept = Buffer.from(await (await fetch(`${bucket.origin}/backups/${key}`)).arrayBuffer());
  assert.equal(kept.length, made.bytes);
  assert.ok(kept.toString("latin1").startsWith("age-encryption.org/v1\n"));

  const identity = join(folder, "id.txt");
  await writeFile(identity, IDENTITY);
  const tried = await sigma.admin("verify-backup", made.file, "--identity", identity);
  assert.equal(tried.rows, made.rows);
  const elsewhere = ["--config", join(folder, "sigma.toml")];
  await writeFile(elsewhere[1], `[store]\nurl = "sqlite:${join(folder, "restored.sqlite")}"\n`);
  const command = [...elsewhere, "restore", made.file, "--identity", identity, "--json"];
  const env = { ...process.env, ...sigma.environment };
  delete env.SIGMA__STORE__URL;
  await run(binary, command, { env });
  const apps = await run(binary, [...elsewhere, "app", "list"], { env });
  assert.equal(apps.stderr, "");
  assert.deepEqual(await readdir(env.TMPDIR), [], "what was loaded is gone");
  await assert.rejects(sigma.admin("restore", `${made.file}x`), ({ code, stderr }) => code === 3 && stderr.includes("there is no s3://"));
});

test("a backup of several parts appears whole or not at all", { skip: process.env.SIGMA_TEST_STORE === "postgres" }, async () => {
  const large = join(folder, "large.sqlite");
  const env = { ...process.env, ...sigma.environment, SIGMA__STORE__URL: `sqlite:${large}` };
  const made = await sigma.admin("backup", "--to", "s3://backups/small");
  await run(binary, ["restore", made.file], { env });
  const python = new URL("python/.venv/bin/python", import.meta.url).pathname;
  await run(python, ["-c", NOISE, large]);
  const before = await bucket.keys();

  second = (answer) => answer.writeHead(403).end();
  const refused = await run(binary, ["backup", "--to", "s3://backups/large"], { env }).catch((error) => error);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /s3:\/\/backups\/large/);
  assert.deepEqual([await bucket.keys(), await bucket.uploads()], [before, []], "what was sent was taken back");

  let held;
  const holds = new Promise((resolve) => (held = resolve));
  second = () => held();
  const stopped = spawn(binary, ["backup", "--to", "s3://backups/large"], { env, stdio: "ignore" });
  const ended = new Promise((resolve) => stopped.once("exit", resolve));
  await holds;
  assert.equal((await bucket.uploads()).length, 1);
  stopped.kill("SIGTERM");
  assert.equal(await ended, 143);
  assert.deepEqual([await bucket.keys(), await bucket.uploads()], [before, []], "and also after a signal");

  second = undefined;
  const whole = JSON.parse((await run(binary, ["backup", "--to", "s3://backups/large", "--json"], { env })).stdout);
  assert.ok(whole.bytes > 18 << 20);
  await run(binary, ["verify-backup", whole.file], { env });
});
