//! Programs that check SCIM services: scim2-tester goes through every attribute of every schema that the service publishes,
//! scim-sanity through the answers that clients rely on.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startSigma } from "../support/sigma.mjs";
import { python } from "./python.mjs";

let sigma;
let base;
let token;

before(async () => {
  sigma = await startSigma();
  base = `${sigma.issuer}/scim/v2`;
  await sigma.admin("workspace", "add", "--name", "Bakery", "--slug", "bakery");
  ({ token } = await sigma.admin("scim", "add", "--workspace", "bakery", "--name", "Directory"));
});
after(() => sigma?.stop());

// What it removes is back at once: a person is active or not, and the answer says so.
const ALWAYS_THERE = "check_remove_attribute: ERROR: PATCH modify() did not remove attribute 'active'";

test("scim2-tester finds nothing", async () => {
  const { stdout } = await python("python", ["python/scim_check.py", base, token]);
  const { counts, failed } = JSON.parse(stdout);
  assert.deepEqual(
    failed.filter((finding) => finding !== ALWAYS_THERE),
    [],
  );
  assert.ok(counts.SUCCESS > 50, stdout);
});

// It adds somebody who does not exist, and expects 200.
const NOBODY = "PATCH /Groups/{id} add member";

test("scim-sanity finds nothing", async () => {
  const options = ["--token", token, "--json-output", "--i-accept-side-effects", "--user-domain", "example.org"];
  const { stdout } = await python("scim-sanity", ["probe", base, ...options]).catch((found) => found);
  const { results } = JSON.parse(stdout);
  assert.ok(results.length > 25, stdout);
  assert.deepEqual(
    results.filter(({ status, name }) => !["pass", "skip"].includes(status) && name !== NOBODY),
    [],
  );
});
