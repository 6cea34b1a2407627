//! A workspace with an admin and a member, created and joined the regular way, and their actions.

import assert from "node:assert/strict";

export const password = "correct horse battery staple";

/**
 * Makes a workspace called `name` on the server of `sigma`, with two people who are logged in.
 * @returns its id, `admin` and `member` (`id`, `email`, `roleId`, `token`), and what can be asked of it
 */
export async function makeWorkspace(sigma, name) {
  const { id, roles } = await sigma.admin("workspace", "add", "--name", name);

  /** Calls the API. `body` makes it JSON; the credential is `token` or `key`. */
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

  /** Logs a member in again and returns their token. */
  async function logIn({ email }) {
    const { token } = await ask("POST", "/auth/login", { body: { email, password, workspaceId: id } });
    return token;
  }

  /** Invites a user, who opens the mailed link, chooses a password and logs in. */
  async function join(roleName) {
    const email = `${roleName}@${name}.example.org`.toLowerCase();
    const roleId = roles.find((role) => role.name === roleName).id;
    const { id: invitation } = await ask("POST", "/users", { key: setup.key, body: { email, name: roleName, roleId } });
    const link = new URL(await sigma.mailedLink(email));
    const accepted = await fetch(new URL(link.pathname, link), {
      method: "POST",
      headers: { Origin: sigma.issuer },
      body: new URLSearchParams({ token: link.searchParams.get("token"), name: roleName, password, again: password }),
      redirect: "manual",
    });
    assert.equal(accepted.status, 303, await accepted.text());
    // The id of the invitation remains valid; their own is that of their account.
    const { id: userId } = await ask("GET", `/users/${invitation}`, { key: setup.key });
    return { id: userId, email, roleId, token: await logIn({ email }) };
  }

  const setup = await sigma.admin("api-key", "add", "--workspace", id, "--name", "Setup", "--admin");
  const admin = await join("Admin");
  const member = await join("Member");

  /** Creates an API key: its `id`, and the `key` itself. */
  const addKey = (permissions) =>
    ask("POST", "/api-keys", { token: admin.token, body: { name: permissions.join(" "), permissions } });

  /** The secrets for verifying tokens: a JWK set and `workspaceId`. */
  const secrets = () => sigma.admin("workspace", "secret", id);

  return { id, admin, member, ask, logIn, addKey, secrets };
}
