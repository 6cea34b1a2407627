//! A workspace with an admin and a member, made as an operator does, and what they do in it.

import assert from "node:assert/strict";

const password = "correct horse battery staple";

/**
 * Makes a workspace called `name` on the server of `sigma`, with two people who are logged in.
 * @returns its id, `admin` and `member` (`id`, `email`, `roleId`, `token`), and what can be asked of it
 */
export async function makeWorkspace(sigma, name) {
  const { id, roles } = await sigma.admin("workspace", "add", "--name", name);

  /** Asks the API. `body` makes it JSON; the credential is `token` or `key`. */
  async function ask(method, path, { token, key, body } = {}) {
    const headers = {
      ...(token && { Authorization: `Bearer ${token}` }),
      ...(key && { "X-Sigma-ApiKey": key }),
      ...(body && { "Content-Type": "application/json" }),
    };
    const answer = await fetch(`${sigma.issuer}/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
    return text && JSON.parse(text);
  }

  /** Logs somebody in anew and returns their token. */
  async function logIn({ email }) {
    const { token } = await ask("POST", "/auth/login", { body: { email, password, workspaceId: id } });
    return token;
  }

  async function addPerson(roleName) {
    const email = `${roleName}@${name}.example.org`.toLowerCase();
    const role = roles.find((role) => role.name === roleName).id;
    const member = ["--email", email, "--name", roleName, "--workspace", id, "--role", role];
    await sigma.adminWith(`${password}\n`, "user", "add", ...member, "--password-stdin");
    const { token, user } = await ask("POST", "/auth/login", { body: { email, password, workspaceId: id } });
    return { id: user.id, email, roleId: user.roleId, token };
  }

  const admin = await addPerson("Admin");
  const member = await addPerson("Member");

  /** Makes an API key: its `id`, and the `key` itself. */
  const addKey = (permissions) =>
    ask("POST", "/api-keys", { token: admin.token, body: { name: permissions.join(" "), permissions } });

  /** What services verify tokens with: a JWK set and `workspaceId`. */
  const secrets = () => sigma.admin("workspace", "secret", id);

  return { id, admin, member, ask, logIn, addKey, secrets };
}
