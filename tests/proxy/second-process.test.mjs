//! Two processes of Sigma on one PostgreSQL: what one of them is told holds behind the other within a second.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { startSigma } from "../support/sigma.mjs";
import { makeWorkspace } from "../support/workspace.mjs";
import { send, startApi } from "./http.mjs";
import { startProxy } from "./proxies.mjs";

let sigma;
let api;
let proxy;
let workspace;

before(async () => {
  sigma = await startSigma();
  api = await startApi();
  workspace = await makeWorkspace(sigma, "Ledger");
  const second = await sigma.beside();
  proxy = await startProxy("nginx", { sigma: new URL(second).host, api: api.address });
});
after(async () => {
  await proxy?.stop();
  await api?.stop();
  await sigma?.stop();
});

/** Calls through the proxy again and again until it refuses; how long that took, in milliseconds. */
async function refusedAfter(headers) {
  const begun = performance.now();
  for (;;) {
    const sent = performance.now();
    const answer = await send(proxy.port, { headers });
    if (answer.status === 401) return sent - begun;
    assert.equal(answer.status, 200, answer.body);
    assert.ok(sent - begun < 5_000, "it is still let through");
    await delay(10);
  }
}

test("a key deactivated at one process is refused behind the other within a second", async () => {
  const key = await workspace.addKey(["read"]);
  const headers = [["X-Sigma-ApiKey", key.key]];
  assert.equal((await send(proxy.port, { headers })).status, 200);
  await workspace.ask("POST", `/api-keys/${key.id}/deactivate`, { token: workspace.admin.token });
  assert.ok((await refusedAfter(headers)) <= 1_000);
});

test("a session logged out at one process is over behind the other within a second", async () => {
  const token = await workspace.logIn(workspace.member);
  const headers = [["Authorization", `Bearer ${token}`]];
  assert.equal((await send(proxy.port, { headers })).status, 200);
  await workspace.ask("POST", "/auth/logout", { token });
  assert.ok((await refusedAfter(headers)) <= 1_000);
});
