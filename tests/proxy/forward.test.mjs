//! An API behind nginx and behind Caddy, as the guide configures them: who calls arrives in four headers that only Sigma
//! fills in, and whoever may not call does not get that far.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startSigma } from "../support/sigma.mjs";
import { makeWorkspace } from "../support/workspace.mjs";
import { caller, send, startApi } from "./http.mjs";
import { proxies, startProxy } from "./proxies.mjs";

let sigma;
let api;
let workspace;

before(async () => {
  sigma = await startSigma();
  api = await startApi();
  workspace = await makeWorkspace(sigma, "Ledger");
});
after(async () => {
  await api?.stop();
  await sigma?.stop();
});

const bearer = (token) => ["Authorization", `Bearer ${token}`];
const withKey = (key) => ["X-Sigma-ApiKey", key];

/** What somebody sends who wants to be taken for somebody else. */
const lies = [
  ["X-Sigma-User-Id", "user_of_somebody_else"],
  ["x-sigma-user-id", "user_of_somebody_else"],
  ["X-Sigma-Workspace-Id", "org_of_somebody_else"],
  ["X-SIGMA-ROLE-ID", "role_of_somebody_else"],
  ["X-Sigma-Permissions", "read,update-data,delete-data,update-model,delete-model"],
];

for (const name of Object.keys(proxies)) {
  describe(`behind ${name}`, () => {
    let proxy;
    before(async () => (proxy = await startProxy(name, { sigma: new URL(sigma.issuer).host, api: api.address })));
    after(() => proxy?.stop());

    /** Sends a request that must reach the API, and returns what arrived there. */
    async function passes(request) {
      const answer = await send(proxy.port, request);
      assert.equal(answer.status, 200, answer.body);
      return answer.json;
    }

    /** Sends a request that must not reach the API. */
    async function isRefused(request, status, error) {
      const calls = api.calls();
      const answer = await send(proxy.port, request);
      assert.equal(answer.status, status, answer.body);
      assert.equal(answer.json?.error, error);
      assert.equal(typeof answer.json.message, "string");
      assert.deepEqual(Object.keys(answer.json), ["error", "message"]);
      assert.equal(api.calls(), calls, "the API was reached");
    }

    test("a person's call arrives with who they are, and without their token", async () => {
      const { member } = workspace;
      const body = JSON.stringify({ note: "ünïcode" });
      const headers = [bearer(member.token), ["Content-Type", "application/json"]];
      const seen = await passes({ method: "POST", path: "/notes/a%20b?of=1&of=2", headers, body });
      assert.deepEqual(caller(seen), {
        "user-id": member.id,
        "workspace-id": workspace.id,
        "role-id": member.roleId,
        permissions: "read",
      });
      assert.equal(seen.method, "POST");
      assert.equal(seen.path, "/notes/a%20b?of=1&of=2");
      assert.equal(seen.body, body);
      assert.equal(seen.headers.authorization, undefined);
    });

    test("a server's call arrives with its workspace and what its key may, and without the key", async () => {
      const key = await workspace.addKey(["read", "update-data"]);
      const seen = await passes({ headers: [withKey(key.key)] });
      assert.deepEqual(caller(seen), {
        "user-id": "",
        "workspace-id": workspace.id,
        "role-id": "",
        permissions: "read,update-data",
      });
      assert.equal(seen.headers["x-sigma-apikey"], undefined);
    });

    test("what a client says of itself never arrives", async () => {
      const key = await workspace.addKey(["read"]);
      const honest = { "user-id": "", "workspace-id": workspace.id, "role-id": "", permissions: "read" };
      assert.deepEqual(caller(await passes({ headers: [withKey(key.key), ...lies] })), honest);
      assert.deepEqual(caller(await passes({ headers: [...lies, withKey(key.key)] })), honest);
      await isRefused({ headers: lies }, 401, "UNAUTHORIZED");
    });

    test("a client that lists the headers in Connection takes none of them away", async () => {
      const { member } = workspace;
      const names = "close, X-Sigma-User-Id, X-Sigma-Workspace-Id, X-Sigma-Role-Id, X-Sigma-Permissions";
      const seen = await passes({ headers: [bearer(member.token), ["Connection", names]] });
      assert.equal(caller(seen)["workspace-id"], workspace.id);
      assert.equal(caller(seen)["user-id"], member.id);
      assert.equal(caller(seen)["role-id"], member.roleId);
      assert.equal(caller(seen).permissions, "read");
    });

    test("nobody gets through without a credential that holds", async () => {
      const key = await workspace.addKey(["read"]);
      const last = key.key.at(-1) === "0" ? "1" : "0";
      const [header, claims] = workspace.member.token.split(".");
      const unsigned = Buffer.from('{"alg":"none","typ":"JWT"}').toString("base64url");
      for (const headers of [
        [],
        [bearer("")],
        [bearer("not.a.token")],
        [bearer(`${unsigned}.${claims}.`)],
        [bearer(`${header}.${claims}.${"A".repeat(43)}`)],
        [["Authorization", "Basic YWRhOmFkYQ=="]],
        [withKey("sigma_sk_live_")],
        [withKey(`${key.key.slice(0, -1)}${last}`)],
      ]) {
        await isRefused({ headers }, 401, "UNAUTHORIZED");
      }
    });

    test("two credentials at once are refused", async () => {
      const key = await workspace.addKey(["read"]);
      await isRefused({ headers: [bearer(workspace.member.token), withKey(key.key)] }, 400, "VALIDATION_ERROR");
    });

    test("a path for who may export is closed to others, whatever they ask in the query", async () => {
      const { admin, member } = workspace;
      await isRefused({ path: "/export/all", headers: [bearer(member.token)] }, 403, "PERMISSION_DENIED");
      await isRefused({ path: "/export/all?permission=read", headers: [bearer(member.token)] }, 403, "PERMISSION_DENIED");
      const seen = await passes({ path: "/export/all?permission=nonsense", headers: [bearer(admin.token)] });
      assert.equal(seen.path, "/export/all?permission=nonsense");
      assert.equal(caller(seen)["user-id"], admin.id);
    });

    test("a session that was logged out is over at once", async () => {
      const token = await workspace.logIn(workspace.member);
      await passes({ headers: [bearer(token)] });
      await workspace.ask("POST", "/auth/logout", { token });
      await isRefused({ headers: [bearer(token)] }, 401, "UNAUTHORIZED");
    });

    test("a key that was deactivated is refused at once", async () => {
      const key = await workspace.addKey(["read"]);
      await passes({ headers: [withKey(key.key)] });
      await workspace.ask("POST", `/api-keys/${key.id}/deactivate`, { token: workspace.admin.token });
      await isRefused({ headers: [withKey(key.key)] }, 401, "UNAUTHORIZED");
    });

    test("while Sigma is away nothing passes", async () => {
      const lost = await startProxy(name, { sigma: "127.0.0.1:9", api: api.address });
      try {
        const calls = api.calls();
        const answer = await send(lost.port, { headers: [bearer(workspace.member.token)] });
        assert.ok(answer.status === 502 || answer.status === 503, String(answer.status));
        assert.equal(api.calls(), calls);
      } finally {
        await lost.stop();
      }
    });
  });
}
