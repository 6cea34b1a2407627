//! An API behind nginx and behind Caddy, as the guide configures them: the caller arrives in five headers that only Sigma
//! fills in, and unauthorized calls do not get that far.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startSigma } from "../support/sigma.mjs";
import { makeWorkspace } from "../support/workspace.mjs";
import { caller, send, signedCaller, startApi, startWsgiApi } from "./http.mjs";
import { proxies, startProxy } from "./proxies.mjs";

let sigma;
let api;
let workspace;

/** The audience in the guide's configurations. */
const audience = "https://api.example.org";

before(async () => {
  sigma = await startSigma({ SIGMA__WORKSPACES__FORWARD_AUDIENCES: JSON.stringify([audience]) });
  api = await startApi();
  workspace = await makeWorkspace(sigma, "Ledger");
});
after(async () => {
  await api?.stop();
  await sigma?.stop();
});

const bearer = (token) => ["Authorization", `Bearer ${token}`];
const withKey = (key) => ["X-Sigma-ApiKey", key];

/** Headers of a client that impersonates another caller. */
const lies = [
  ["X-Sigma-User-Id", "user_of_somebody_else"],
  ["x-sigma-user-id", "user_of_somebody_else"],
  ["X-Sigma-Workspace-Id", "org_of_somebody_else"],
  ["X-SIGMA-ROLE-ID", "role_of_somebody_else"],
  ["X-Sigma-Permissions", "read,update-data,delete-data,update-model,delete-model"],
  ["X-Sigma-Token", "eyJhbGciOiJub25lIn0.e30."],
];

/** The same under names that CGI, WSGI and PHP take for these. */
const underscored = lies.flatMap(([name, value]) => [
  [name.replaceAll("-", "_"), value],
  [name.replace("-", "_"), value],
  [name.toLowerCase().replace(/-(?=[^-]*$)/, "_"), value],
]);

/** Other spellings of a path that needs canExport, and paths that resemble public ones. */
const spellings = [
  "/export",
  "/export/",
  "/export/all",
  "/EXPORT/all",
  "/Export",
  "/%65xport/all",
  "//export/all",
  "/./export/all",
  "/export?of=/notes",
  "/notes/../export/all",
  "/notes/%2e%2e/export/all",
  "/notes/..%2fexport/all",
  "/notes%2f..%2fexport",
  "/notes/..;/export/all",
  "/notes/;/../export",
  "/notes/..%5cexport",
  "/notes%00/export",
  "/notes/%252e%252e/export",
  "/NOTES",
  "//notes",
  "/%6eotes",
  "/notes/",
  "/notes//x",
  "/notesexport",
  "/notes.json",
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

    test("a user's call arrives with their identity and without their token", async () => {
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

    test("a server's call arrives with its workspace and permissions, and without the key", async () => {
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

    test("identity headers sent by clients are removed", async () => {
      const key = await workspace.addKey(["read"]);
      const honest = { "user-id": "", "workspace-id": workspace.id, "role-id": "", permissions: "read" };
      assert.deepEqual(caller(await passes({ headers: [withKey(key.key), ...lies] })), honest);
      assert.deepEqual(caller(await passes({ headers: [...lies, withKey(key.key)] })), honest);
      await isRefused({ headers: lies }, 401, "UNAUTHORIZED");
    });

    test("so are their variants with underscores", async () => {
      const wsgi = await startWsgiApi();
      const behind = await startProxy(name, { sigma: new URL(sigma.issuer).host, api: wsgi.address });
      try {
        const key = await workspace.addKey(["read"]);
        const answer = await send(behind.port, { headers: [...underscored, withKey(key.key), ...underscored] });
        assert.equal(answer.status, 200, answer.body);
        const { HTTP_X_SIGMA_TOKEN: token, ...told } = answer.json;
        assert.equal(told.HTTP_X_SIGMA_PERMISSIONS, "read");
        assert.equal(told.HTTP_X_SIGMA_WORKSPACE_ID, workspace.id);
        assert.equal(told.HTTP_X_SIGMA_USER_ID ?? "", "");
        assert.equal(told.HTTP_X_SIGMA_ROLE_ID ?? "", "");
        assert.equal((await signedCaller(sigma.issuer, token, audience)).sub, key.id);
      } finally {
        await behind.stop();
        await wsgi.stop();
      }
    });

    test("the signed header agrees with the other four", async () => {
      const { member } = workspace;
      const seen = await passes({ path: "/notes", headers: [bearer(member.token)] });
      const { iat, exp, ...facts } = await signedCaller(sigma.issuer, seen.headers["x-sigma-token"], audience);
      assert.ok(exp - iat === 60 && Math.abs(iat - Date.now() / 1000) < 60);
      assert.deepEqual(facts, {
        iss: sigma.issuer,
        aud: audience,
        sub: member.id,
        workspaceId: workspace.id,
        userId: member.id,
        roleId: member.roleId,
        permissions: ["read"],
      });
    });

    test("listing the headers in Connection does not remove them", async () => {
      const { member } = workspace;
      const names = "close, X-Sigma-User-Id, X-Sigma-Workspace-Id, X-Sigma-Role-Id, X-Sigma-Permissions, X-Sigma-Token";
      const seen = await passes({ headers: [bearer(member.token), ["Connection", names]] });
      assert.equal(caller(seen)["workspace-id"], workspace.id);
      assert.equal(caller(seen)["user-id"], member.id);
      assert.equal(caller(seen)["role-id"], member.roleId);
      assert.equal(caller(seen).permissions, "read");
      assert.equal((await signedCaller(sigma.issuer, seen.headers["x-sigma-token"], audience)).sub, member.id);
    });

    test("calls without a valid credential are refused", async () => {
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

    test("a path that needs canExport is closed to others, whatever their query says", async () => {
      const { admin, member } = workspace;
      await isRefused({ path: "/export/all", headers: [bearer(member.token)] }, 403, "PERMISSION_DENIED");
      await isRefused({ path: "/export/all?permission=read", headers: [bearer(member.token)] }, 403, "PERMISSION_DENIED");
      const seen = await passes({ path: "/export/all?permission=nonsense", headers: [bearer(admin.token)] });
      assert.equal(seen.path, "/export/all?permission=nonsense");
      assert.equal(caller(seen)["user-id"], admin.id);
    });

    test("paths not listed as public are protected in every spelling", async () => {
      const { admin, member } = workspace;
      for (const path of spellings) {
        const calls = api.calls();
        const refused = await send(proxy.port, { path, headers: [bearer(member.token)] });
        // Some proxies refuse such a path themselves.
        assert.ok(refused.status === 403 || refused.status === 400, `${path}: ${refused.status}`);
        assert.equal(api.calls(), calls, `${path} reached the API`);
      }
      for (const path of ["/EXPORT/all", "/export", "/notes/"]) {
        assert.equal((await passes({ path, headers: [bearer(admin.token)] })).path, path);
      }
      for (const path of ["/", "/?a=/export", "/notes", "/notes/a/b%20c", "/notes/x?y=%2e%2e"]) {
        assert.equal((await passes({ path, headers: [bearer(member.token)] })).path, path);
      }
    });

    test("logging out ends a session at once", async () => {
      const token = await workspace.logIn(workspace.member);
      await passes({ headers: [bearer(token)] });
      await workspace.ask("POST", "/auth/logout", { token });
      await isRefused({ headers: [bearer(token)] }, 401, "UNAUTHORIZED");
    });

    test("a deactivated key is refused at once", async () => {
      const key = await workspace.addKey(["read"]);
      await passes({ headers: [withKey(key.key)] });
      await workspace.ask("POST", `/api-keys/${key.id}/deactivate`, { token: workspace.admin.token });
      await isRefused({ headers: [withKey(key.key)] }, 401, "UNAUTHORIZED");
    });

    test("nothing passes while Sigma is down", async () => {
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
