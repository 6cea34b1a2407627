//! `next-auth` 4 with nothing but Sigma's discovery document. Its handler is the one that a Next app mounts
//! at `pages/api/auth/[...nextauth]`, here mounted on Node's own server.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { PATIENCE, startSigma } from "../support/sigma.mjs";
import { addApp } from "./apps.mjs";
import { body, serve } from "./app-server.mjs";
import { newPerson } from "./person.mjs";

const NextAuth = createRequire(import.meta.url)("next-auth/next").default;

/** Extends Node's request and response to those of Next. */
function asNext(handler) {
  return async (request, response) => {
    const url = new URL(request.url, "http://app.invalid");
    request.query = Object.fromEntries(url.searchParams);
    request.query.nextauth = url.pathname.replace("/api/auth/", "").split("/");
    request.cookies = Object.fromEntries(
      (request.headers.cookie ?? "").split("; ").filter(Boolean).map((pair) => {
        const at = pair.indexOf("=");
        return [pair.slice(0, at), decodeURIComponent(pair.slice(at + 1))];
      }),
    );
    request.body = request.method === "POST" ? await body(request) : undefined;
    response.status = (code) => Object.assign(response, { statusCode: code });
    response.json = (value) => response.setHeader("content-type", "application/json").end(JSON.stringify(value));
    response.send = (value) => (typeof value === "object" ? response.json(value) : response.end(value));
    await handler(request, response);
  };
}

let sigma;
before(async () => (sigma = await startSigma()));
after(() => sigma?.stop());

for (const [what, method, checks] of [
  ["a confidential app with PKCE, state and nonce", "client_secret_basic", ["pkce", "state", "nonce"]],
  ["a confidential app with nothing but state", "client_secret_basic", ["state"]],
  ["a public app", "none", ["pkce", "state"]],
]) {
  test(`next-auth signs a user in: ${what}`, async (t) => {
    const clientId = what.replaceAll(/[^a-z]+/g, "-");
    let handler;
    const app = await serve(asNext((request, response) => handler(request, response)));
    t.after(app.stop);
    const callback = `${app.origin}/api/auth/callback/sigma`;
    const { client_secret: clientSecret } = await addApp(sigma, {
      client_id: clientId,
      token_endpoint_auth_method: method,
      redirect_uris: [callback],
    });
    process.env.NEXTAUTH_URL = app.origin;
    handler = NextAuth({
      secret: "the application's own secret",
      logger: { error: (code, details) => t.diagnostic(`${code} ${details?.message ?? details}`), warn() {}, debug() {} },
      providers: [
        {
          id: "sigma",
          name: "Sigma",
          type: "oauth",
          wellKnown: `${sigma.issuer}/.well-known/openid-configuration`,
          authorization: { params: { scope: "openid profile" } },
          clientId,
          clientSecret,
          ...(method === "none" ? { client: { token_endpoint_auth_method: "none" } } : {}),
          checks,
          httpOptions: { timeout: PATIENCE },
          idToken: true,
          userinfo: { request: ({ client, tokens }) => client.userinfo(tokens) },
          profile: (profile) => ({ id: profile.sub, name: profile.name, email: null }),
        },
      ],
      callbacks: { session: ({ session, token }) => ({ ...session, sub: token.sub }) },
    });

    const person = await newPerson(sigma.issuer);
    const { csrfToken } = await person.browser.fetch(`${app.origin}/api/auth/csrf`).then((r) => r.json());
    const start = await person.browser.post(`${app.origin}/api/auth/signin/sigma`, { csrfToken, json: "true" });
    const { url } = await start.json();
    const back = await person.authorize(url, callback);
    const landing = await person.browser.fetch(back.href);
    assert.equal(landing.status, 302);
    assert.equal(landing.headers.get("location"), app.origin);
    const session = await person.browser.fetch(`${app.origin}/api/auth/session`).then((r) => r.json());
    assert.equal(session.user.name, person.address);
    assert.match(session.sub, /^user_/);
  });
}
