//! The services of docs/examples, each in its own language, check tokens and keys of a real Sigma.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { startSigma } from "../support/sigma.mjs";
import { makeWorkspace } from "../support/workspace.mjs";

const examples = new URL("../../docs/examples/", import.meta.url).pathname;
const target = process.env.CARGO_TARGET_DIR ?? new URL("../../target", import.meta.url).pathname;

/** How each service is started, as its README says, once it is built. */
const services = {
  typescript: ["node", ["dist/service.js"]],
  python: [".venv/bin/python", ["service.py"]],
  rust: [join(target, "debug/notes-service"), []],
};

/** The service's audience behind a proxy. */
const audience = "https://api.example.org";

let sigma;
let workspace;
let other;
let directory;

before(async () => {
  sigma = await startSigma({ SIGMA__WORKSPACES__FORWARD_AUDIENCES: JSON.stringify([audience, "another"]) });
  workspace = await makeWorkspace(sigma, "Ledger");
  other = await makeWorkspace(sigma, "Rival");
  directory = await mkdtemp(join(tmpdir(), "sigma-examples-"));
});
after(async () => {
  await sigma?.stop();
  if (directory) await rm(directory, { recursive: true, force: true });
});

/** Starts a service with these settings; returns its address, once it responds, and how to stop it. */
async function start(name, settings) {
  const [command, args] = services[name];
  const child = spawn(command, args, {
    cwd: join(examples, name),
    env: { ...process.env, ...settings },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const origin = await new Promise((resolve, reject) => {
    child.once("error", reject).once("exit", (code) => reject(new Error(`${command} ended with ${code}`)));
    child.stdout.setEncoding("utf8").once("data", (line) => resolve(line.trim()));
  });
  return { child, origin };
}

/** A token with other claims or another header, signed by whoever holds the workspace's secret. */
function forged(set, { header, claims, kid = set.keys[0].kid, secret = set.keys[0].k }) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = Math.floor(Date.now() / 1000);
  const said = { userId: "user_x", workspaceId: set.workspaceId, roleId: "role_x", iat: now, exp: now + 3600, ...claims };
  const signed = `${part({ alg: "HS256", typ: "JWT", kid, ...header })}.${part(said)}`;
  return `${signed}.${createHmac("sha256", Buffer.from(secret, "base64url")).update(signed).digest("base64url")}`;
}

for (const name of Object.keys(services)) {
  describe(`the service in ${name}`, () => {
    let child;
    let origin;
    let file;
    let secrets;

    before(async () => {
      file = join(directory, `${name}.json`);
      secrets = await workspace.secrets();
      await writeFile(file, JSON.stringify(secrets), { mode: 0o600 });
      const { key } = await workspace.addKey(["read"]);
      const environment = { SIGMA_URL: sigma.issuer, SIGMA_API_KEY: key, SIGMA_SECRETS: file, PORT: "0" };
      ({ child, origin } = await start(name, environment));
    });
    after(() => child?.kill());

    async function notes(headers) {
      const answer = await fetch(`${origin}/notes`, { headers });
      return { status: answer.status, body: await answer.json() };
    }

    const withToken = (token) => notes({ Authorization: `Bearer ${token}` });
    const withKey = (key) => notes({ "X-Sigma-ApiKey": key });

    async function refuses(answer, status, error) {
      const { status: got, body } = await answer;
      assert.equal(got, status, JSON.stringify(body));
      assert.equal(body.error, error);
    }

    test("a member of the workspace is accepted", async () => {
      const { id: userId, roleId, token } = workspace.member;
      const { status, body } = await withToken(token);
      assert.equal(status, 200, JSON.stringify(body));
      assert.deepEqual(body, { caller: { workspaceId: workspace.id, userId, roleId }, notes: [] });
    });

    test("a server of the workspace is accepted with a key that may read", async () => {
      const { key } = await workspace.addKey(["read"]);
      const { status, body } = await withKey(key);
      assert.equal(status, 200, JSON.stringify(body));
      assert.deepEqual(body, { caller: { workspaceId: workspace.id }, notes: [] });
    });

    test("a key that may not read is refused", async () => {
      const { key } = await workspace.addKey(["update-data"]);
      await refuses(withKey(key), 403, "PERMISSION_DENIED");
    });

    test("a deactivated key is refused", async () => {
      const { id, key } = await workspace.addKey(["read"]);
      await workspace.ask("POST", `/api-keys/${id}/deactivate`, { token: workspace.admin.token });
      await refuses(withKey(key), 401, "UNAUTHORIZED");
    });

    test("members and servers of other workspaces are refused", async () => {
      const { key } = await other.addKey(["read"]);
      await refuses(withToken(other.member.token), 401, "UNAUTHORIZED");
      await refuses(withKey(key), 401, "UNAUTHORIZED");
    });

    test("missing and double credentials are refused", async () => {
      await refuses(notes({}), 401, "UNAUTHORIZED");
      await refuses(notes({ Authorization: "Bearer x", "X-Sigma-ApiKey": "y" }), 400, "VALIDATION_ERROR");
    });

    test("tokens with a wrong algorithm, secret, time or workspace are refused", async () => {
      const past = Math.floor(Date.now() / 1000) - 60;
      const [header, claims] = workspace.member.token.split(".");
      const unsigned = Buffer.from(JSON.stringify({ alg: "none", kid: secrets.keys[0].kid })).toString("base64url");
      const rivals = await other.secrets();
      for (const token of [
        "not.a.token",
        `${unsigned}.${claims}.`,
        `${header}.${claims}.`,
        forged(secrets, { header: { alg: "HS512" } }),
        forged(secrets, { kid: "unknown" }),
        forged(secrets, { secret: rivals.keys[0].k }),
        forged(secrets, { claims: { exp: past } }),
        forged(secrets, { claims: { exp: undefined } }),
        forged(secrets, { claims: { workspaceId: other.id } }),
      ]) {
        await refuses(withToken(token), 401, "UNAUTHORIZED");
      }
    });

    test("after a rotation old tokens stay valid, and new ones work once the secrets are reloaded", async () => {
      const { token: old } = workspace.member;
      await workspace.ask("POST", "/workspace/secret/rotate", { token: workspace.admin.token });
      const fresh = await workspace.logIn(workspace.member);
      await refuses(withToken(fresh), 401, "UNAUTHORIZED");
      await writeFile(file, JSON.stringify(await workspace.secrets()));
      child.kill("SIGHUP");
      for (let tries = 0; (await withToken(fresh)).status !== 200; tries += 1) {
        assert.ok(tries < 1_200, "the secrets were not read");
        await delay(50);
      }
      assert.equal((await withToken(old)).status, 200);
    });
  });
}

describe("the service in typescript behind a proxy", () => {
  let child;
  let origin;

  before(async () => {
    const file = join(directory, "forwarded.json");
    await writeFile(file, JSON.stringify(await workspace.secrets()), { mode: 0o600 });
    const { key } = await workspace.addKey(["read"]);
    const settings = { SIGMA_URL: sigma.issuer, SIGMA_API_KEY: key, SIGMA_SECRETS: file, PORT: "0", SIGMA_AUDIENCE: audience };
    ({ child, origin } = await start("typescript", settings));
  });
  after(() => child?.kill());

  async function notes(headers) {
    const answer = await fetch(`${origin}/notes`, { headers });
    return { status: answer.status, body: await answer.json() };
  }

  /** Sigma's response to a proxy that asks about this credential. */
  async function forwarded(headers, to = audience) {
    const answer = await fetch(`${sigma.issuer}/api/v1/auth/forward?audience=${to}`, { headers });
    assert.equal(answer.status, 200);
    return answer.headers.get("x-sigma-token");
  }

  test("trusts Sigma's signed header, for users and servers", async () => {
    const { id: userId, roleId } = workspace.member;
    const token = await workspace.logIn(workspace.member);
    const person = await notes({ "X-Sigma-Token": await forwarded({ Authorization: `Bearer ${token}` }) });
    assert.deepEqual(person, { status: 200, body: { caller: { workspaceId: workspace.id, userId, roleId }, notes: [] } });
    const { key } = await workspace.addKey(["read"]);
    const server = await notes({ "X-Sigma-Token": await forwarded({ "X-Sigma-ApiKey": key }) });
    assert.deepEqual(server, { status: 200, body: { caller: { workspaceId: workspace.id }, notes: [] } });
    const { key: weak } = await workspace.addKey(["update-data"]);
    const denied = await notes({ "X-Sigma-Token": await forwarded({ "X-Sigma-ApiKey": weak }) });
    assert.deepEqual([denied.status, denied.body.error], [403, "PERMISSION_DENIED"]);
  });

  test("trusts nothing else", async () => {
    const token = await workspace.logIn(workspace.member);
    const { key } = await workspace.addKey(["read"]);
    const real = await forwarded({ "X-Sigma-ApiKey": key });
    const [header, claims, signature] = real.split(".");
    const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const more = part({ ...JSON.parse(Buffer.from(claims, "base64url")), workspaceId: other.id });
    const four = { "X-Sigma-Workspace-Id": workspace.id, "X-Sigma-Permissions": "read", "X-Sigma-User-Id": "user_x" };
    for (const headers of [
      {},
      four,
      { ...four, "X-Sigma-Token": "" },
      { Authorization: `Bearer ${token}` },
      { "X-Sigma-ApiKey": key },
      { "X-Sigma-Token": token },
      { "X-Sigma-Token": `${real},${real}` },
      { "X-Sigma-Token": `forged,${real}` },
      { "X-Sigma-Token": `${header}.${more}.${signature}` },
      { "X-Sigma-Token": `${part({ alg: "none", typ: "sigma-forward+jwt" })}.${claims}.` },
      { "X-Sigma-Token": await forwarded({ "X-Sigma-ApiKey": key }, "another") },
    ]) {
      const answer = await notes(headers);
      assert.deepEqual([answer.status, answer.body.error], [401, "UNAUTHORIZED"], JSON.stringify(headers));
    }
  });
});
