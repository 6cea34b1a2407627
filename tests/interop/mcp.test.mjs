//! MCP: the published SDKs sign a user in to the example server, which takes Sigma's tokens and no others.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, before, test } from "node:test";
import { auth } from "@modelcontextprotocol/sdk/client/auth.js";
import { addApp } from "./apps.mjs";
import { bin, provider, redirect, startNotes, useTool } from "./mcp.mjs";
import { newPerson } from "./person.mjs";
import { startSigma } from "../support/sigma.mjs";

let sigma;
let notes;
let mcp;
before(async () => {
  sigma = await startSigma({ SIGMA__CLIENT_DOCUMENTS__HOSTS: '["client.example.org"]', SIGMA__REGISTRATION__MODE: "open" });
  notes = await startNotes(sigma);
  mcp = notes.url;
  await addApp(sigma, {
    client_id: "inspector",
    application_type: "native",
    token_endpoint_auth_method: "none",
    redirect_uris: [redirect],
    grant_types: ["authorization_code", "refresh_token"],
  });
});
after(async () => {
  notes?.stop();
  await sigma?.stop();
});

test("the TypeScript SDK finds Sigma from a 401, and its token is for that server alone", async () => {
  const { kept, claims } = await useTool(sigma, mcp, provider({ client_id: "inspector" }));
  assert.equal(claims.client_id, "inspector");
  // Userinfo and the own APIs of Sigma do not take it: an MCP server could use what it is sent.
  const headers = { authorization: `Bearer ${kept.tokens.access_token}` };
  const userinfo = await fetch(`${sigma.issuer}/api/auth/oauth2/userinfo`, { headers });
  assert.equal(userinfo.status, 401);
  assert.match(userinfo.headers.get("www-authenticate"), /resource_metadata="[^"]*\/\.well-known\/oauth-protected-resource"/);
});

test("an MCP server refuses tokens for other APIs, for Sigma itself, and ID tokens", async () => {
  const person = await newPerson(sigma.issuer);
  const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  const query = new URLSearchParams({
    client_id: "inspector", redirect_uri: redirect, response_type: "code", scope: "openid profile", state: "s",
    code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", code_challenge_method: "S256",
  });
  const back = await person.authorize(`${sigma.issuer}/oauth2/authorize?${query}`, redirect);
  const response = await fetch(`${sigma.issuer}/api/auth/oauth2/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "authorization_code", code: back.searchParams.get("code"), redirect_uri: redirect, client_id: "inspector", code_verifier: verifier,
    }),
  });
  const tokens = await response.json();
  for (const token of [tokens.access_token, tokens.id_token, "nonsense", ""]) {
    const refused = await fetch(mcp, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", accept: "application/json, text/event-stream" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
    });
    assert.equal(refused.status, 401);
    assert.match(refused.headers.get("www-authenticate"), /resource_metadata=/);
  }
});

test("Sigma describes the server as well, for servers that do not themselves", async () => {
  const url = `${sigma.issuer}/.well-known/oauth-protected-resource?resource=${encodeURIComponent(mcp)}`;
  const described = await fetch(url).then((response) => response.json());
  const own = await fetch(new URL("/.well-known/oauth-protected-resource/mcp", mcp)).then((response) => response.json());
  assert.equal(described.resource, own.resource);
  assert.deepEqual(described.authorization_servers, own.authorization_servers);
  const kept = provider({ client_id: "inspector" });
  assert.equal(await auth(kept, { serverUrl: mcp, resourceMetadataUrl: new URL(url), scope: "notes:read" }), "REDIRECT");
  assert.equal(kept.kept.url.searchParams.get("resource"), mcp);
});

test("a client whose id is the address of its document is sent to sign in, and nothing is fetched before", async () => {
  const address = "https://client.example.org/oauth/metadata.json";
  const client = provider(undefined, { clientMetadataUrl: address });
  assert.equal(await auth(client, { serverUrl: mcp }), "REDIRECT");
  assert.equal(client.kept.registered.client_id, address);
  assert.equal(client.kept.url.searchParams.get("client_id"), address);
  const answer = await fetch(client.kept.url, { redirect: "manual", headers: { accept: "text/html" } });
  // A script is told where to go.
  const { url } = await answer.json();
  assert.match(url, /\/login\?interaction=/);
  const page = await fetch(new URL(url, sigma.issuer), { headers: { cookie: answer.headers.getSetCookie().join("; ") } });
  assert.match(await page.text(), /client\.example\.org/);
});

test("a client that has neither registers itself", async () => {
  const { kept, claims } = await useTool(sigma, mcp, provider());
  assert.equal(claims.client_id, kept.registered.client_id);
  assert.match(kept.registered.client_id, /^app_[0-9a-f]{24}$/);
});

test("the Python SDK signs in too", async () => {
  const client = new URL("python/mcp_client.py", import.meta.url).pathname;
  const child = spawn(`${bin}python`, [client, mcp, redirect, "inspector"], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = [];
  child.stdout.setEncoding("utf8");
  const ended = new Promise((resolve) => child.once("exit", resolve));
  let printed = "";
  for await (const text of child.stdout) {
    printed += text;
    const asked = /^AUTHORIZE (\S+)$/m.exec(printed);
    if (asked && lines.length === 0) {
      const person = await newPerson(sigma.issuer);
      lines.push(String(await person.authorize(asked[1], redirect)));
      child.stdin.end(`${lines[0]}\n`);
    }
  }
  assert.equal(await ended, 0, printed);
  assert.match(printed, /^The notes of user_[0-9a-f]{24}, read by inspector$/m);
});
