//! Two processes of Sigma on one PostgreSQL: a change made through one takes effect behind the other within a second.

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
  // The example requests a signed header too.
  sigma = await startSigma({ SIGMA__WORKSPACES__FORWARD_AUDIENCES: JSON.stringify(["https://api.example.org"]) });
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

/**
 * Calls through the proxy fifty times, 20 ms apart, until it refuses. On a machine with too much to do the calls themselves
 * take longer than nothing, and the news have as much more time.
 */
async function refusedWithinASecond(headers) {
  for (let calls = 0; calls < 50; calls += 1) {
    const answer = await send(proxy.port, { headers });
    if (answer.status === 401) return;
    assert.equal(answer.status, 200, answer.body);
    await delay(20);
  }
  assert.fail("it is still let through");
}

test("a key deactivated at one process is refused behind the other within a second", async () => {
  const key = await workspace.addKey(["read"]);
  const headers = [["X-Sigma-ApiKey", key.key]];
  assert.equal((await send(proxy.port, { headers })).status, 200);
  await workspace.ask("POST", `/api-keys/${key.id}/deactivate`, { token: workspace.admin.token });
  await refusedWithinASecond(headers);
});

test("a session logged out at one process is refused behind the other within a second", async () => {
  const token = await workspace.logIn(workspace.member);
  const headers = [["Authorization", `Bearer ${token}`]];
  assert.equal((await send(proxy.port, { headers })).status, 200);
  await workspace.ask("POST", "/auth/logout", { token });
  await refusedWithinASecond(headers);
});
