//! Clients that the guide shows: go-oidc and zitadel's relying party (LOGIN_BIN, built by `make clients`), Auth.js 5, and
//! passport-openidconnect, each with what the guide shows.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { after, before, test } from "node:test";
import { createInterface } from "node:readline";
import { Auth } from "@auth/core";
import passport from "passport";
import { Strategy } from "passport-openidconnect";
import { freePort, startSigma } from "../support/sigma.mjs";
import { addApp } from "../interop/apps.mjs";
import { serve } from "../interop/app-server.mjs";
import { newPerson } from "../interop/person.mjs";

let sigma;
before(async () => (sigma = await startSigma()));
after(() => sigma?.stop());

for (const [name, method] of [["go-oidc", "client_secret_basic"], ["zitadel", "client_secret_post"]]) {
  test(`${name} signs a person in`, { skip: !process.env.LOGIN_BIN && "LOGIN_BIN is not built" }, async (t) => {
    // Its port is known only when it runs, and what it needs only when the app is registered: so it is registered for any port.
    const { client_id: id, client_secret: secret } = await addApp(sigma, {
      client_id: `go-${name}`,
      application_type: "native",
      token_endpoint_auth_method: method,
      redirect_uris: [`http://127.0.0.1/${name}/callback`],
    });
    const app = spawn(process.env.LOGIN_BIN, {
      env: { ISSUER: sigma.issuer, CLIENT_ID: id, CLIENT_SECRET: secret },
      stdio: ["ignore", "pipe", "inherit"],
    });
    t.after(() => app.kill());
    const [origin] = await once(createInterface(app.stdout), "line");
    const person = await newPerson(sigma.issuer);
    const callback = `${origin}/${name}/callback`;
    const start = await person.browser.fetch(`${origin}/${name}/login`);
    const back = await person.authorize(start.headers.get("location"), callback);
    const landing = await person.browser.fetch(back.href);
    const signedIn = await landing.text();
    assert.equal(landing.status, 200, signedIn);
    assert.equal(JSON.parse(signedIn).name, person.address);
    assert.match(JSON.parse(signedIn).sub, /^user_/);
    const forged = await person.browser.fetch(`${callback}?code=${back.searchParams.get("code")}&state=forged`);
    assert.ok(forged.status >= 400, "a state of somebody else");
  });
}

test("Auth.js 5 signs a person in", async (t) => {
  let config;
  const app = await serve(async (request, response) => {
    const url = new URL(request.url, app.origin);
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const headers = new Headers(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const body = chunks.length > 0 ? Buffer.concat(chunks) : undefined;
    const answer = await Auth(new Request(url, { method: request.method, headers, body }), config);
    response.statusCode = answer.status;
    for (const [name, value] of answer.headers) if (name !== "set-cookie") response.setHeader(name, value);
    response.setHeader("set-cookie", answer.headers.getSetCookie());
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  t.after(app.stop);
  const callback = `${app.origin}/auth/callback/sigma`;
  const { client_secret: clientSecret } = await addApp(sigma, { client_id: "auth-js", redirect_uris: [callback] });
  config = {
    secret: "the application's own secret",
    trustHost: true,
    basePath: "/auth",
    logger: { error: (error) => t.diagnostic(`${error.name}: ${error.message} ${error.cause?.err ?? ""}`), warn() {}, debug() {} },
    providers: [
      {
        id: "sigma",
        name: "Sigma",
        type: "oidc",
        issuer: sigma.issuer,
        clientId: "auth-js",
        clientSecret,
        authorization: { params: { scope: "openid profile" } },
        checks: ["pkce", "state", "nonce"],
        idToken: false,
        profile: (profile) => ({ id: profile.sub, name: profile.name }),
      },
    ],
    callbacks: { session: ({ session, token }) => ({ ...session, sub: token.sub }) },
  };
  const person = await newPerson(sigma.issuer);
  const { csrfToken } = await person.browser.fetch(`${app.origin}/auth/csrf`).then((response) => response.json());
  const start = await person.browser.post(`${app.origin}/auth/signin/sigma`, new URLSearchParams({ csrfToken }).toString(), {
    "content-type": "application/x-www-form-urlencoded",
    "x-auth-return-redirect": "1",
  });
  const { url } = await start.json();
  const back = await person.authorize(url, callback);
  const landing = await person.browser.fetch(back.href);
  assert.equal(landing.status, 302);
  assert.equal(new URL(landing.headers.get("location")).origin, app.origin);
  const session = await person.browser.fetch(`${app.origin}/auth/session`).then((response) => response.json());
  assert.equal(session.user.name, person.address);
});

test("passport-openidconnect signs a person in", async (t) => {
  const sessions = new Map();
  const app = await serve(async (request, response) => {
    const url = new URL(request.url, app.origin);
    request.query = Object.fromEntries(url.searchParams);
    const id = /sid=(\w+)/.exec(request.headers.cookie ?? "")?.[1] ?? Math.random().toString(36).slice(2);
    if (!sessions.has(id)) sessions.set(id, {});
    request.session = sessions.get(id);
    response.setHeader("set-cookie", `sid=${id}; Path=/; HttpOnly`);
    response.redirect = (to) => response.writeHead(302, { location: to }).end();
    const done = (error, user, info) => {
      if (error || !user) response.writeHead(401).end(String(error ?? JSON.stringify(info)));
      else response.end(JSON.stringify(user));
    };
    passport.authenticate("openidconnect", { session: false }, done)(request, response, (error) => done(error));
  });
  t.after(app.stop);
  const callback = `${app.origin}/callback`;
  const { client_secret: clientSecret } = await addApp(sigma, { client_id: "passport", redirect_uris: [callback] });
  const endpoints = await fetch(`${sigma.issuer}/.well-known/openid-configuration`).then((response) => response.json());
  passport.use(
    new Strategy(
      {
        issuer: sigma.issuer,
        authorizationURL: endpoints.authorization_endpoint,
        tokenURL: endpoints.token_endpoint,
        userInfoURL: endpoints.userinfo_endpoint,
        clientID: "passport",
        clientSecret,
        callbackURL: callback,
        scope: ["profile"],
        // The ID token has no name: userinfo has.
        skipUserProfile: false,
      },
      (issuer, profile, done) => done(null, { issuer, id: profile.id, name: profile.displayName }),
    ),
  );
  const person = await newPerson(sigma.issuer);
  const start = await person.browser.fetch(`${app.origin}/login`);
  const back = await person.authorize(start.headers.get("location"), callback);
  const landing = await person.browser.fetch(back.href);
  const user = await landing.text();
  assert.equal(landing.status, 200, user);
  assert.deepEqual(JSON.parse(user).name, person.address);
});

const python = process.env.DJANGO_PYTHON;
test("mozilla-django-oidc signs a person in", { skip: !python && "DJANGO_PYTHON is not installed" }, async (t) => {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const callback = `${origin}/oidc/callback/`;
  const { client_secret: secret } = await addApp(sigma, { client_id: "django", redirect_uris: [callback] });
  const directory = await mkdtemp(join(tmpdir(), "sigma-django-"));
  const app = spawn(python, [new URL("python/django_app.py", import.meta.url).pathname, `127.0.0.1:${port}`], {
    env: {
      ISSUER: sigma.issuer,
      CLIENT_ID: "django",
      CLIENT_SECRET: secret,
      SECRET_KEY: "the application's own secret",
      DATABASE: join(directory, "django.sqlite"),
    },
    stdio: ["ignore", "ignore", "inherit"],
  });
  t.after(() => (app.kill(), rm(directory, { recursive: true })));
  for (let tries = 0; tries < 300 && !(await fetch(`${origin}/me`).catch(() => null)); tries += 1) await delay(100);
  const person = await newPerson(sigma.issuer);
  let sub;
  // The second time it has to find the account that it made the first time.
  for (const visit of ["first", "second"]) {
    const start = await person.browser.fetch(`${origin}/oidc/authenticate/`);
    const back = await person.authorize(start.headers.get("location"), callback);
    const landing = await person.browser.fetch(back.href);
    assert.equal(landing.headers.get("location"), "/me", `${visit}: ${landing.status}`);
    const me = await person.browser.fetch(`${origin}/me`).then((response) => response.json());
    assert.equal(me.name, person.address);
    assert.match(me.sub, /^user_/);
    assert.equal(me.sub, (sub ??= me.sub));
  }
});
