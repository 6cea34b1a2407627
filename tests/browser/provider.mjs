//! Google and GitHub, played on this machine: they ask one question, and answer with real signatures.

import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";

const CLIENT = "sigma";
const SECRET = "the secret of our client there";
const base64url = (value) => Buffer.from(value).toString("base64url");

/** Starts it; returns its origin, the settings for both kinds as an environment, and how to stop it. */
export async function startProvider() {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwk = { ...publicKey.export({ format: "jwk" }), kid: "1", alg: "ES256", use: "sig" };
  const codes = new Map();
  let origin;

  const idToken = (nonce) => {
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: origin, aud: CLIENT, sub: "1234567890", nonce, iat: now, exp: now + 300, name: "Grace Hopper" };
    const parts = [{ alg: "ES256", kid: "1" }, { ...claims, email: "grace@example.com", email_verified: true }];
    const signed = parts.map((part) => base64url(JSON.stringify(part))).join(".");
    const signature = sign("sha256", Buffer.from(signed), { key: privateKey, dsaEncoding: "ieee-p1363" });
    return `${signed}.${base64url(signature)}`;
  };

  const redeem = (form) => {
    const granted = codes.get(form.get("code"));
    codes.delete(form.get("code"));
    const challenge = createHash("sha256").update(form.get("code_verifier") ?? "").digest("base64url");
    if (!granted || challenge !== granted.get("code_challenge")) return [400, { error: "invalid_grant" }];
    const tokens = { access_token: "upstream", token_type: "Bearer" };
    return [200, granted.has("nonce") ? { ...tokens, id_token: idToken(granted.get("nonce")) } : tokens];
  };

  const endpoints = {
    "/.well-known/openid-configuration": () => [
      200,
      {
        issuer: origin,
        authorization_endpoint: `${origin}/authorize`,
        token_endpoint: `${origin}/token`,
        jwks_uri: `${origin}/jwks`,
        response_types_supported: ["code"],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["ES256"],
      },
    ],
    "/jwks": () => [200, { keys: [jwk] }],
    "/token": redeem,
    "/login/oauth/access_token": redeem,
    "/api/v3/user": () => [200, { id: 583231, login: "grace", name: "Grace Hopper" }],
    "/api/v3/user/emails": () => [200, [{ email: "grace@example.com", primary: true, verified: true }]],
  };

  /** The page that asks; its link leads back. */
  const ask = (query) => {
    const code = randomBytes(12).toString("hex");
    codes.set(code, query);
    const back = new URL(query.get("redirect_uri"));
    back.search = new URLSearchParams({ code, state: query.get("state") });
    return `<!doctype html><html lang="en"><title>Provider</title><main><h1>Provider</h1>
      <a href="${back.href.replaceAll("&", "&amp;")}">Continue as Grace Hopper</a></main></html>`;
  };

  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, origin);
    const form = new URLSearchParams(await text(request));
    if (["/authorize", "/login/oauth/authorize"].includes(pathname)) {
      return response.writeHead(200, { "content-type": "text/html" }).end(ask(searchParams));
    }
    if (pathname === "/favicon.ico") return response.writeHead(204).end();
    const [status, body] = endpoints[pathname]?.(form) ?? [404, {}];
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  origin = `http://127.0.0.1:${server.address().port}`;
  const one = (id) => `{id="${id}",kind="${id}",issuer="${origin}",client_id="${CLIENT}",client_secret="${SECRET}"}`;
  return {
    origin,
    environment: { SIGMA__PROVIDERS: `[${one("google")},${one("github")}]` },
    stop: () => new Promise((closed) => {
      server.close(closed);
      server.closeAllConnections();
    }),
  };
}
