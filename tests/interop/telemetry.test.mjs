//! What a collector gets is what the published schema of OpenTelemetry describes: every field of every report is known to it.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { startSigma } from "../support/sigma.mjs";
import { newPerson } from "./person.mjs";
import { python } from "./python.mjs";

const reports = [];
let collector;
let sigma;

before(async () => {
  collector = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    reports.push({ path: request.url, type: request.headers["content-type"], body });
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  });
  await new Promise((resolve) => collector.listen(0, "127.0.0.1", resolve));
  sigma = await startSigma({
    SIGMA__TELEMETRY__ENDPOINT: `http://127.0.0.1:${collector.address().port}`,
    SIGMA__TELEMETRY__SAMPLE: "1.0",
  });
});
after(() => collector?.close());

test("reports are valid by the schema of OpenTelemetry", async () => {
  await newPerson(sigma.issuer);
  // The last report is sent when the server stops.
  await sigma.stop();
  assert.ok(reports.every(({ type }) => type === "application/json"));
  const { stdout } = await python("python", [new URL("python/otlp_check.py", import.meta.url).pathname], {
    input: JSON.stringify(reports),
  });
  const seen = JSON.parse(stdout);
  assert.ok(seen.spans.includes("POST /api/auth/sign-up/sigma"), stdout);
  assert.ok(seen.metrics.includes("sigma_store_commit_seconds"), stdout);
  assert.equal(seen.service, "sigma");
});
