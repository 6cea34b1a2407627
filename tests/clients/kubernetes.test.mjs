//! kube-apiserver's own verifier with the configuration that the guide shows (KUBERNETES, built by `make clients`). It takes https alone,
//! so the test runs itself again, trusting the certificate that it made.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { freePort, startSigma } from "../support/sigma.mjs";
import { directoryOf, example } from "./program.mjs";
import { addGroup, makeTeam } from "./team.mjs";

const run = promisify(execFile);
const program = process.env.KUBERNETES;
const inside = process.env.SIGMA_TEST_TLS;

test("kube-apiserver knows a person and their groups by the ID token", { skip: !program && "KUBERNETES is not built" }, async (t) => {
  if (inside) return authenticate(t, inside);
  const directory = await directoryOf(t, {});
  const [key, cert] = [join(directory, "key.pem"), join(directory, "cert.pem")];
  const kind = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost"];
  await run("openssl", [...kind, "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", cert]);
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
  const env = { ...environment, SIGMA_TEST_TLS: directory, NODE_EXTRA_CA_CERTS: cert };
  await run(process.execPath, ["--test", new URL(import.meta.url).pathname], { env }).catch(({ stdout }) => assert.fail(stdout));
});

async function authenticate(t, directory) {
  const port = await freePort();
  const sigma = await startSigma({
    SIGMA__ISSUER: `https://localhost:${port}`,
    SIGMA__LISTEN: `127.0.0.1:${port}`,
    SIGMA__TLS__CERTIFICATE: join(directory, "cert.pem"),
    SIGMA__TLS__KEY: join(directory, "key.pem"),
  });
  t.after(() => sigma.stop());
  const { id: workspace, admin, member } = await makeTeam(sigma, "bakery");
  await addGroup(sigma, workspace, "Bakers", member);
  const kubectl = ["--client-id", "kubernetes", "--name", "Kubernetes", "--type", "native", "--auth", "none"];
  const claims = ["--workspace", workspace, "--scope", "openid groups offline_access", "--id-token-claims"];
  await sigma.admin("app", "add", ...kubectl, ...claims, "--redirect-uri", "http://localhost");
  await sigma.admin("app", "add", "--client-id", "another", "--name", "Another", ...kubectl.slice(4), "--redirect-uri", "http://localhost");

  /** Tokens of a sign-in, as a program gets them that listens on a port of its own. */
  async function tokens(person, client_id) {
    const code_verifier = randomBytes(32).toString("base64url");
    const code_challenge = createHash("sha256").update(code_verifier).digest("base64url");
    const redirect_uri = "http://localhost:8000";
    const asked = { client_id, redirect_uri, response_type: "code", scope: "openid groups", code_challenge, code_challenge_method: "S256" };
    const back = await person.authorize(`${sigma.issuer}/oauth2/authorize?${new URLSearchParams(asked)}`, redirect_uri);
    const body = { grant_type: "authorization_code", client_id, code: back.searchParams.get("code"), redirect_uri, code_verifier };
    const response = await fetch(`${sigma.issuer}/api/auth/oauth2/token`, { method: "POST", body: new URLSearchParams(body) });
    assert.equal(response.status, 200, await response.clone().text());
    return response.json();
  }
  const [baker, boss, other] = [await tokens(member, "kubernetes"), await tokens(admin, "kubernetes"), await tokens(member, "another")];

  const pem = (await readFile(join(directory, "cert.pem"), "utf8")).trim().replaceAll("\n", "\n        ");
  const authority = `certificateAuthority: |\n        ${pem}\n      audiences:`;
  const replaced = { "https://id.example.org": sigma.issuer, "audiences:": authority };
  const files = await directoryOf(t, { "authentication.yaml": await example("kube-apiserver/authentication.yaml", replaced) });
  const running = run(program, [join(files, "authentication.yaml")]);
  const shown = [baker.id_token, boss.id_token, baker.access_token, other.id_token, `${baker.id_token.slice(0, -8)}AAAAAAAA`];
  running.child.stdin.end(shown.map((token) => `${token}\n`).join(""));
  const answers = (await running).stdout.trim().split("\n").map((line) => JSON.parse(line));

  assert.deepEqual([answers[0].username, answers[0].groups], [`sigma:${member.id}`, ["sigma:Bakers"]]);
  assert.deepEqual([answers[1].username, answers[1].groups], [`sigma:${admin.id}`, null]);
  const refused = { "an access token": /audience/, "of another app": /audience/, "a forged one": /signature/ };
  for (const [index, [name, why]] of Object.entries(refused).entries()) assert.match(answers[index + 2].error, why, name);
}
