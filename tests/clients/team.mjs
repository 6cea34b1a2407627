//! A workspace whose people sign in to apps by e-mail address and password, with roles and groups.

import assert from "node:assert/strict";
import { makeWorkspace, password } from "../support/workspace.mjs";
import { Person } from "../interop/person.mjs";

/** Somebody with a password: in all else a person like those with a key. */
class Colleague extends Person {
  constructor(issuer, { id, email }) {
    super(issuer);
    Object.assign(this, { id, email });
  }

  async signIn() {
    const form = new URLSearchParams({ email: this.email, password });
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const response = await this.browser.post(`${this.issuer}/login/password`, form.toString(), headers);
    assert.equal(response.status, 303, await response.clone().text());
  }
}

/** Makes a workspace `name`, with an `admin` and a `member` by their roles there. */
export async function makeTeam(sigma, name) {
  const { id, admin, member } = await makeWorkspace(sigma, name);
  return { id, admin: new Colleague(sigma.issuer, admin), member: new Colleague(sigma.issuer, member) };
}

/** Makes a group of the workspace with this member, as a directory does (SCIM). */
export async function addGroup(sigma, workspace, displayName, { email }) {
  const { token } = await sigma.admin("scim", "add", "--workspace", workspace, "--name", "Directory");
  const schema = (kind) => [`urn:ietf:params:scim:schemas:core:2.0:${kind}`];
  const provision = async (path, resource) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/scim+json" };
    const answer = await fetch(`${sigma.issuer}/scim/v2/${path}`, { method: "POST", headers, body: JSON.stringify(resource) });
    assert.equal(answer.status, 201, await answer.clone().text());
    return answer.json();
  };
  const user = await provision("Users", { schemas: schema("User"), userName: email, emails: [{ value: email, primary: true }] });
  await provision("Groups", { schemas: schema("Group"), displayName, members: [{ value: user.id }] });
}
