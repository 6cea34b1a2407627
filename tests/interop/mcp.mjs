//! MCP: the example server beside Sigma, and a client with the published TypeScript SDK.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { newPerson } from "./person.mjs";
import { freePort, PATIENCE } from "../support/sigma.mjs";
import { verifyAccessToken } from "./tokens.mjs";

export const redirect = "http://127.0.0.1:9/callback";
/** The programs of the virtual environment. */
export const bin = new URL("python/.venv/bin/", import.meta.url).pathname;
const example = new URL("../../docs/examples/mcp/", import.meta.url).pathname;

/** Starts the MCP server of docs/examples, as an open resource of `sigma`; returns its address and how to stop it. */
export async function startNotes(sigma) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/mcp`;
  await sigma.admin("resource", "add", url, "--name=Notes", "--open", "--scope=notes:read=Read your notes");
  const environment = { SIGMA_URL: sigma.issuer, MCP_URL: url, PORT: String(port), PYTHONDONTWRITEBYTECODE: "1" };
  const env = { ...process.env, ...environment };
  const child = spawn(`${bin}python`, ["server.py"], { cwd: example, env, stdio: ["ignore", "ignore", "pipe"] });
  let printed = "";
  let late;
  await new Promise((resolve, reject) => {
    late = setTimeout(() => reject(new Error(`the MCP server is silent:\n${printed}`)), PATIENCE);
    child.stderr.setEncoding("utf8").on("data", (text) => {
      printed += text;
      if (printed.includes("running on")) resolve();
    });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the MCP server ended with ${code}:\n${printed}`)));
  }).finally(() => clearTimeout(late));
  return { url, stop: () => child.kill() };
}

/** What an MCP client keeps; `registered` is its registration here, if it has one already. */
export function provider(registered, more = {}) {
  const kept = { registered };
  return {
    kept,
    redirectUrl: redirect,
    clientMetadata: {
      client_name: "Inspector",
      redirect_uris: [redirect],
      grant_types: ["authorization_code", "refresh_token"],
      token_endpoint_auth_method: "none",
    },
    state: () => "abc",
    clientInformation: () => kept.registered,
    saveClientInformation: (information) => void (kept.registered = information),
    tokens: () => kept.tokens,
    saveTokens: (tokens) => void (kept.tokens = tokens),
    redirectToAuthorization: (url) => void (kept.url = url),
    saveCodeVerifier: (verifier) => void (kept.verifier = verifier),
    codeVerifier: () => kept.verifier,
    ...more,
  };
}

/** Signs a new user in through the SDK, from the first 401 to the call of a tool; returns what the client kept. */
export async function useTool(sigma, mcp, authProvider) {
  const connect = async () => {
    const client = new Client({ name: "inspector", version: "1.0.0" });
    const transport = new StreamableHTTPClientTransport(new URL(mcp), { authProvider });
    return { client, transport, connected: client.connect(transport) };
  };
  const first = await connect();
  await assert.rejects(first.connected, UnauthorizedError);
  const asked = authProvider.kept.url;
  assert.equal(asked.origin, sigma.issuer);
  assert.equal(asked.searchParams.get("resource"), mcp);
  assert.equal(asked.searchParams.get("code_challenge_method"), "S256");
  const person = await newPerson(sigma.issuer);
  const back = await person.authorize(asked, redirect);
  assert.equal(back.searchParams.get("state"), "abc");
  // RFC 9207: the client knows which server answered.
  assert.equal(back.searchParams.get("iss"), sigma.issuer);
  await first.transport.finishAuth(back.searchParams.get("code"));
  const { client, connected } = await connect();
  await connected;
  const answer = await client.callTool({ name: "notes", arguments: {} });
  assert.match(answer.content[0].text, /^The notes of user_[0-9a-f]{24}, read by /);
  await client.close();
  const claims = await verifyAccessToken(sigma.issuer, authProvider.kept.tokens.access_token, mcp);
  assert.equal(claims.aud, mcp, "the token is for this server alone");
  assert.equal(claims.scope, "notes:read");
  return { kept: authProvider.kept, claims };
}
