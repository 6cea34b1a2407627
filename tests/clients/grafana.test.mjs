//! What Grafana's generic OAuth does with the settings that the guide shows: the sign-in, and what its expressions find in userinfo, by
//! the library that it reads them with (JMESPATH, built by `make clients`). Grafana itself is not run: no package registry has it.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { promisify } from "node:util";
import { startSigma } from "../support/sigma.mjs";
import { newPerson } from "../interop/person.mjs";
import { example } from "./program.mjs";
import { makeTeam } from "./team.mjs";

const program = process.env.JMESPATH;

test("Grafana's settings sign people in, and make their roles Grafana's", { skip: !program && "JMESPATH is not built" }, async (t) => {
  const sigma = await startSigma();
  t.after(() => sigma.stop());
  const { id: workspace, admin, member } = await makeTeam(sigma, "bakery");
  const redirect_uri = "https://grafana.example.org/login/generic_oauth";
  const scope = "openid profile email roles offline_access";
  const options = ["--client-id", "grafana", "--name", "Grafana", "--workspace", workspace, "--scope", scope, "--placeholder-email"];
  const { client_secret } = await sigma.admin("app", "add", ...options, "--redirect-uri", redirect_uri);
  const replaced = { "https://id.example.org": sigma.issuer, "the secret of sigma app add": client_secret };
  const ini = await example("grafana/grafana.ini", replaced);
  const settings = Object.fromEntries([...ini.matchAll(/^(\w+) = (.*)$/gm)].map(([, name, value]) => [name, value]));

  async function signIn(person) {
    const code_verifier = randomBytes(32).toString("base64url");
    const code_challenge = createHash("sha256").update(code_verifier).digest("base64url");
    const { client_id, scopes: scope } = settings;
    const asked = { client_id, redirect_uri, response_type: "code", scope, state: "s", code_challenge, code_challenge_method: "S256" };
    const back = await person.authorize(`${settings.auth_url}?${new URLSearchParams(asked)}`, redirect_uri);
    const answer = await fetch(settings.token_url, {
      method: "POST",
      headers: { authorization: `Basic ${Buffer.from(`${client_id}:${settings.client_secret}`).toString("base64")}` },
      body: new URLSearchParams({ grant_type: "authorization_code", code: back.searchParams.get("code"), redirect_uri, code_verifier }),
    });
    assert.equal(answer.status, 200, await answer.clone().text());
    const { access_token, refresh_token } = await answer.json();
    assert.ok(refresh_token);
    const userinfo = await fetch(settings.api_url, { headers: { authorization: `Bearer ${access_token}` } }).then((info) => info.text());
    const expressions = ["login", "name", "email", "role"].map((name) => settings[`${name}_attribute_path`]);
    const running = promisify(execFile)(program, expressions);
    running.child.stdin.end(userinfo);
    return (await running).stdout.trim().split("\n").map((line) => JSON.parse(line));
  }

  assert.deepEqual(await signIn(admin), [admin.id, "Admin", admin.email, "Admin"]);
  assert.deepEqual(await signIn(member), [member.id, "Member", member.email, "Viewer"]);
  // Somebody with a key, of no workspace: no text is no role, and Grafana refuses them.
  const stranger = await newPerson(sigma.issuer);
  const [login, name, email, role] = await signIn(stranger);
  assert.match(login, /^user_/);
  assert.equal(name, stranger.address);
  assert.equal(email, `${login}@users.${new URL(sigma.issuer).hostname}`);
  assert.notEqual(typeof role, "string");
});
