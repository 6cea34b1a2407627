//! Runs the OpenID Foundation's conformance suite against the binary, on both engines, and prints what its modules came to.
//!
//! SUITE_JAR     the suite's jar, built from openid-certification/conformance-suite; without it nothing is run
//! SUITE_JAVA    the `java` that runs it (21 or newer), by default the one in the path
//! SUITE_MONGO   the MongoDB that it keeps its data in, by default mongodb://127.0.0.1:27017/test_suite
//! SUITE_HOST    a name of this machine that is not localhost, by default its host name
//! SUITE_ENGINES the engines, by default `sqlite postgres`
//! SUITE_AT_ONCE how many plans run at once, by default 2
//! SUITE_MODULE  runs only the modules whose names hold this
//! SUITE_URL     a suite that is running, for those who work on the driver; SUITE_TLS names the folder of its certificate
//! SUITE_KEEP    a folder for log and pictures of each module that did not simply pass, and for what the servers printed
//!
//! Arguments select plans by their names.

import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { lookup } from "node:dns/promises";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort, startSigma } from "../support/sigma.mjs";
import { NORA, OLAF, PASSWORD, openPerson } from "./person.mjs";
import { alias, chosen, configuration, registrations } from "./plans.mjs";
import { HOST, certificate, createPlan, runModule, running, startSuite } from "./suite.mjs";
import { details, hasFailed, summary, verdict } from "./table.mjs";

/** How long a server takes at most to learn what another process wrote, in milliseconds. */
const NEWS = 2_000;

const jar = process.env.SUITE_JAR;
if (!jar) {
  console.log("conformance: skipped, SUITE_JAR names no jar of the conformance suite (docs/conformance.md)");
  process.exit(0);
}
if (!existsSync(jar)) {
  console.error(`conformance: there is no ${jar}`);
  process.exit(1);
}

// Node and the server must trust the certificate from their start on.
if (!process.env.SUITE_TLS) {
  const directory = await mkdtemp(join(tmpdir(), "sigma-conformance-"));
  const { cert } = await certificate(directory);
  const env = { ...process.env, SUITE_TLS: directory, NODE_EXTRA_CA_CERTS: cert, SSL_CERT_FILE: cert };
  const child = spawn(process.execPath, process.argv.slice(1), { env, stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
  const code = await new Promise((resolve) => child.once("exit", (ended) => resolve(ended ?? 1)));
  await rm(directory, { recursive: true, force: true });
  process.exit(code);
}

const { openChromium } = await import("../browser/browser.mjs");
const tls = { cert: join(process.env.SUITE_TLS, "cert.pem"), key: join(process.env.SUITE_TLS, "key.pem") };
const plans = chosen(process.argv.slice(2));
const engines = (process.env.SUITE_ENGINES ?? "sqlite postgres").split(" ");
const servers = new Set();
let starting = Promise.resolve();
const only = process.env.SUITE_MODULE;
const rows = [];
const suite = process.env.SUITE_URL
  ? running(process.env.SUITE_URL)
  : await startSuite({
      java: process.env.SUITE_JAVA ?? "java",
      jar,
      mongo: process.env.SUITE_MONGO ?? "mongodb://127.0.0.1:27017/test_suite",
      tls,
    });
const chromium = await openChromium();
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, async () => {
    await Promise.all([suite, ...servers].map((one) => one.stop()));
    process.exit(1);
  });
}
try {
  // A plan runs on all engines at once. Modules wait much of the time.
  const jobs = plans.flatMap((plan) => engines.map((engine) => () => runPlan(engine, plan)));
  const work = async () => {
    for (let job = jobs.shift(); job; job = jobs.shift()) await job();
  };
  await Promise.all(Array.from({ length: Number(process.env.SUITE_AT_ONCE ?? 2) }, work));
} finally {
  await chromium.close();
  await suite.stop();
}
console.log(`${summary(rows)}\n\n${details(rows)}`);
process.exit(hasFailed(rows) ? 1 : 0);

/** A server for one plan: what another one did, such as a rotation of keys, is not seen there. */
async function startServer(engine) {
  process.env.SIGMA_TEST_STORE = engine;
  const addresses = await lookup(HOST, { all: true });
  const own = JSON.stringify(addresses.map(({ address, family }) => `${address}/${family === 4 ? 32 : 128}`));
  const port = await freePort();
  const issuer = `https://localhost:${port}`;
  const sigma = await startSigma({
    SIGMA__ISSUER: issuer,
    SIGMA__LISTEN: `127.0.0.1:${port}`,
    SIGMA__TLS__CERTIFICATE: tls.cert,
    SIGMA__TLS__KEY: tls.key,
    SIGMA__REGISTRATION__MODE: "open",
    SIGMA__REGISTRATION__REMEMBER_CONSENT: "true",
    // The suite is on this machine.
    SIGMA__OUTBOUND__ALLOW: own,
    SIGMA__OUTBOUND__ALLOW_TENANTS: own,
  });
  for (const { email, name } of [NORA, OLAF]) {
    await sigma.adminWith(`${PASSWORD}\n`, "user", "add", "--email", email, "--name", name, "--password-stdin");
  }
  return { sigma, issuer };
}

async function runPlan(engine, plan) {
  // One after the other, because the environment names the engine.
  const started = starting.then(() => startServer(engine));
  starting = started.catch(() => {});
  const { sigma, issuer } = await started;
  servers.add(sigma);
  try {
    const person = await openPerson(chromium, issuer, suite.base);
    await person.fillIn();
    await person.close();
    await runModules({ engine, sigma, issuer }, plan);
  } finally {
    servers.delete(sigma);
    await sigma.stop();
    await keepOutput(alias(engine, plan.name), sigma.output());
  }
}

async function runModules({ engine, sigma, issuer }, plan) {
  const keys = [0, 1].map((at) => {
    // RS256 for OpenID Connect, whose plans sign with it; FAPI rules it out, and has a module for those who have RSA keys.
    const rsa = ["rsa", { modulusLength: 2048 }, plan.apps === "bank" ? "PS256" : "RS256"];
    const [kind, options, alg] = plan.apps === "bank" && at === 1 ? ["ec", { namedCurve: "P-256" }, "ES256"] : rsa;
    const jwk = generateKeyPairSync(kind, options).privateKey.export({ format: "jwk" });
    return { ...jwk, kid: `key-${at}`, alg, use: "sig" };
  });
  const registered = [];
  for (const app of registrations(plan, engine, suite.base, keys)) registered.push(await sigma.admin("app", "add", ...app));
  const created = await createPlan(suite, plan, configuration(plan, engine, issuer, registered, keys));
  for (const module of created.modules) {
    if (only && !module.testModule.includes(only)) continue;
    const person = await openPerson(chromium, issuer, suite.base, module.testModule);
    // The suite asks the operator for one thing.
    const rotates = module.testModule.endsWith("-rotate-keys");
    const prepare = async () => rotates && (await sigma.admin("keys", "rotate", "--alg", "RS256"), await delay(NEWS));
    let info;
    try {
      info = await runModule(suite, created.id, module, { visit: person.visit, prepare });
    } catch (error) {
      info = { status: "INTERRUPTED", reasons: [error.message, String(error.cause ?? "")], log: [], pictures: [] };
    }
    await person.close();
    const row = { engine, plan: plan.name, module: module.testModule, verdict: verdict(info), reasons: info.reasons };
    rows.push(row);
    console.error([engine, plan.name, row.module, row.verdict, ...row.reasons.slice(0, 3)].join("  "));
    if (row.verdict !== "PASSED") await keep(row, info);
  }
}

/** Keeps what the server of a plan printed, which says why it answered as it did. */
async function keepOutput(name, printed) {
  if (!process.env.SUITE_KEEP) return;
  await mkdir(process.env.SUITE_KEEP, { recursive: true });
  await writeFile(join(process.env.SUITE_KEEP, `server.${name}.log`), printed);
}

/** Keeps log and pictures of a module, for people to look at. */
async function keep({ engine, plan, module, verdict }, { log, pictures }) {
  if (!process.env.SUITE_KEEP) return;
  const name = join(process.env.SUITE_KEEP, `${verdict.toLowerCase()}.${alias(engine, plan)}.${module}`);
  await mkdir(process.env.SUITE_KEEP, { recursive: true });
  await writeFile(`${name}.json`, JSON.stringify(log, null, 1));
  for (const [at, picture] of pictures.entries()) await writeFile(`${name}.${at}.png`, picture);
}
