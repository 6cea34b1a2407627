//! Runs the OpenID Foundation's conformance suite against the binary, on both engines, and prints what its modules came to.
//!
//! SUITE_JAR     the suite's jar, built from openid-certification/conformance-suite; without it nothing is run
//! SUITE_JAVA    the `java` that runs it (21 or newer), by default the one in the path
//! SUITE_MONGO   the MongoDB that it keeps its data in, by default mongodb://127.0.0.1:27017/test_suite
//! SUITE_ENGINES the engines, by default `sqlite postgres`
//!
//! Arguments select plans by their names.

import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, startSigma } from "../support/sigma.mjs";
import { EMAIL, PASSWORD, openPerson } from "./person.mjs";
import { chosen, configuration, registrations } from "./plans.mjs";
import { certificate, createPlan, runModule, startSuite } from "./suite.mjs";
import { details, hasFailed, summary, verdict } from "./table.mjs";

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
const rows = [];
const suite = await startSuite({
  java: process.env.SUITE_JAVA ?? "java",
  jar,
  mongo: process.env.SUITE_MONGO ?? "mongodb://127.0.0.1:27017/test_suite",
  tls,
});
const chromium = await openChromium();
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, async () => {
    await suite.stop();
    process.exit(1);
  });
}
try {
  for (const engine of (process.env.SUITE_ENGINES ?? "sqlite postgres").split(" ")) {
    process.env.SIGMA_TEST_STORE = engine;
    await runEngine(engine);
  }
} finally {
  await chromium.close();
  await suite.stop();
}
console.log(`${summary(rows)}\n\n${details(rows)}`);
process.exit(hasFailed(rows) ? 1 : 0);

async function runEngine(engine) {
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
    SIGMA__OUTBOUND__ALLOW: '["127.0.0.0/8", "::1/128"]',
    SIGMA__OUTBOUND__ALLOW_TENANTS: '["127.0.0.0/8", "::1/128"]',
  });
  try {
    await sigma.adminWith(`${PASSWORD}\n`, "user", "add", "--email", EMAIL, "--name", "Nora Field", "--password-stdin");
    for (const plan of plans) await runPlan(engine, sigma, issuer, plan);
  } finally {
    await sigma.stop();
  }
}

async function runPlan(engine, sigma, issuer, plan) {
  const keys = [0, 1].map((at) => {
    // RS256 for OpenID Connect, whose plans sign with it; FAPI rules it out.
    const [kind, options, alg] = plan.apps === "bank" ? ["ec", { namedCurve: "P-256" }, "ES256"] : ["rsa", { modulusLength: 2048 }, "RS256"];
    const jwk = generateKeyPairSync(kind, options).privateKey.export({ format: "jwk" });
    return { ...jwk, kid: `key-${at}`, alg, use: "sig" };
  });
  const registered = [];
  for (const app of registrations(plan, suite.base, keys)) registered.push(await sigma.admin("app", "add", ...app));
  const created = await createPlan(suite, plan, configuration(plan, issuer, registered, keys));
  for (const module of created.modules) {
    const person = await openPerson(chromium, issuer, suite.base, module.testModule);
    let info;
    try {
      info = await runModule(suite, created.id, module, person.visit);
    } catch (error) {
      info = { status: "INTERRUPTED", reasons: [error.message] };
    }
    await person.close();
    const row = { engine, plan: plan.name, module: module.testModule, verdict: verdict(info), reasons: info.reasons };
    rows.push(row);
    console.error([engine, plan.name, row.module, row.verdict, ...row.reasons.slice(0, 3)].join("  "));
  }
}
