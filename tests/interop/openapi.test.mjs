//! The OpenAPI document is valid, and clients generated from it compile and work.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { binary, startSigma } from "../support/sigma.mjs";
import { makeWorkspace, password } from "../support/workspace.mjs";
import { addApp } from "./apps.mjs";
import { python } from "./python.mjs";

const here = new URL("./", import.meta.url).pathname;
const generated = join(here, "generated");
const run = promisify(execFile);

// The document does not depend on the store, and generators are slow.
const skip = process.env.SIGMA_TEST_STORE === "postgres";

let sigma;
let directory;
let file;
let account;

before(async () => {
  if (skip) return;
  directory = await mkdtemp(join(tmpdir(), "sigma-openapi-"));
  file = join(directory, "openapi.json");
  const { stdout } = await run(binary, ["openapi"], { cwd: directory, maxBuffer: 16 * 1024 * 1024 });
  await writeFile(file, stdout);
  sigma = await startSigma();
  const workspace = await makeWorkspace(sigma, "Ledger");
  const { client_id, client_secret } = await addApp(sigma, { client_id: "job", grant_types: ["client_credentials"] });
  account = {
    issuer: sigma.issuer,
    email: workspace.admin.email,
    password,
    workspaceId: workspace.id,
    clientId: client_id,
    clientSecret: client_secret,
  };
});
after(async () => {
  await sigma?.stop();
  for (const path of [directory, generated]) if (path) await rm(path, { recursive: true, force: true });
});

/** The expected observations of both programs. */
function assertSeen(seen) {
  const { roles, caller, ...rest } = seen;
  assert.deepEqual(roles.toSorted(), ["Admin", "Member"]);
  assert.equal(caller.workspace.id, account.workspaceId, JSON.stringify(caller));
  assert.deepEqual(rest, {
    issuer: sigma.issuer,
    people: 1,
    key: "Generated",
    active: false,
    removed: 204,
    wrong: "UNAUTHORIZED",
    tokenType: "Bearer",
    nobody: "unauthorized",
  });
}

test("the document is valid OpenAPI", { skip }, async () => {
  const { stdout } = await python("openapi-spec-validator", [file]);
  assert.match(stdout, /: OK\s*$/);
});

test("a client of openapi-typescript's types compiles and works", { skip }, async () => {
  await mkdir(generated, { recursive: true });
  const bin = (name) => join(here, "node_modules/.bin", name);
  await run(bin("openapi-typescript"), [file, "--output", join(generated, "schema.d.ts")]);
  const strict = ["--strict", "--skipLibCheck", "--module", "nodenext", "--target", "es2022", "--lib", "es2022,dom"];
  await run(bin("tsc"), [...strict, "--outDir", generated, "openapi-client.ts"], { cwd: here }).catch((failed) => assert.fail(failed.stdout));
  const client = await import(join(generated, "openapi-client.js"));
  assertSeen(await client.run(account));
});

test("a client of openapi-python-client is generated without warnings and works", { skip }, async () => {
  const config = join(directory, "config.json");
  // The generator knows no lines of JSON. By its own option it takes them for a file.
  const content_type_overrides = { "application/x-ndjson": "application/octet-stream" };
  await writeFile(config, JSON.stringify({ package_name_override: "sigma_client", post_hooks: [], content_type_overrides }));
  const output = join(directory, "sigma_client");
  const options = ["--path", file, "--config", config, "--meta", "none", "--output-path", output, "--fail-on-warning"];
  await python("openapi-python-client", ["generate", ...options]).catch((failed) => assert.fail(failed.stdout));
  const environment = { PYTHONPATH: directory, PYTHONDONTWRITEBYTECODE: "1" };
  const input = JSON.stringify(account);
  const { stdout } = await python("python", [join(here, "python/generated_client.py")], { environment, input });
  assertSeen(JSON.parse(stdout));
});
