import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { PLANS, addresses, alias, chosen, configuration, registrations } from "./plans.mjs";
import { details, hasFailed, summary, verdict } from "./table.mjs";

const SUITE = "https://localhost:8443";
const keys = [0, 1].map(() => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" }));

test("each plan has an alias of its own, and is found by a part of its name", () => {
  const aliases = ["sqlite", "postgres"].flatMap((engine) => PLANS.map(({ name }) => alias(engine, name)));
  assert.equal(new Set(aliases).size, 2 * PLANS.length);
  for (const one of aliases) assert.match(one, /^[a-z0-9-]+$/);
  assert.deepEqual(chosen(["fapi", "Config"]).map(({ name }) => name), ["config", "FAPI 2 Security Profile"]);
  assert.equal(chosen([]).length, PLANS.length);
  assert.deepEqual(chosen(["nothing"]), []);
});

test("no private key is registered, and the suite is told the one that belongs to each app", () => {
  for (const plan of PLANS) {
    const apps = registrations(plan, "sqlite", SUITE, keys);
    for (const app of apps) {
      assert.ok(app.includes(addresses(SUITE, "sqlite", plan.name).callback), plan.name);
      for (const key of keys) assert.ok(!app.join(" ").includes(key.d), plan.name);
    }
    const registered = apps.map((_, at) => ({ client_id: `client-${at}` }));
    const config = configuration(plan, "sqlite", "https://id.example.org", registered, keys);
    assert.equal(config.server.discoveryUrl, "https://id.example.org/.well-known/openid-configuration");
    if (plan.apps === "none") assert.equal(config.client.client_id, undefined);
    else assert.deepEqual([config.client.client_id, config.client2.client_id], ["client-0", "client-1"]);
    if (plan.apps === "key" || plan.apps === "bank") assert.equal(config.client2.jwks.keys[0], keys[1]);
  }
});

test("a module that did not finish has failed, and so has a run without modules", () => {
  assert.equal(verdict({ status: "INTERRUPTED", result: "PASSED" }), "INTERRUPTED");
  assert.equal(verdict({ status: "FINISHED", result: "REVIEW" }), "REVIEW");
  assert.equal(verdict({ status: "FINISHED", result: "UNKNOWN" }), "FAILED");
  assert.ok(hasFailed([]));
  const row = (verdict) => ({ engine: "sqlite", plan: "basic", module: "oidcc-server", verdict, reasons: ["a|b\nc"] });
  assert.ok(!hasFailed(["PASSED", "REVIEW", "WARNING", "SKIPPED"].map(row)));
  assert.ok(hasFailed([row("PASSED"), row("INTERRUPTED")]));
  const implicit = "OIDCCCheckDiscEndpointGrantTypesSupportedDynamic: no implicit flow";
  assert.ok(!hasFailed([{ ...row("FAILED"), reasons: [implicit] }]));
  assert.ok(hasFailed([{ ...row("FAILED"), reasons: [implicit, "CheckServerKeysIsValid: no key"] }]));
  assert.ok(hasFailed([{ ...row("FAILED"), reasons: [] }]));
  const rows = [row("PASSED"), row("WARNING"), row("FAILED"), { ...row("PASSED"), engine: "postgres" }];
  assert.deepEqual(summary(rows).split("\n").slice(2), [
    "| sqlite | basic | 3 | 1 |  | 1 |  | 1 |",
    "| postgres | basic | 1 | 1 |  |  |  |  |",
  ]);
  assert.deepEqual(details(rows).split("\n").slice(2), [
    "| sqlite | basic | oidcc-server | FAILED | a\\|b c |",
    "| sqlite | basic | oidcc-server | WARNING | a\\|b c |",
  ]);
});
