// Client authentication at the token, introspection and revocation endpoints (RFC 6749 §2.3, RFC 7523 §2.2).

import { random, utf8 } from "./encoding.ts";
import type { Request } from "./exchange.ts";
import { sign, type Jwk } from "./jwt.ts";
import type { App } from "./state.ts";

/** A form that `app` posts to `url`, authenticated by the app's method. */
export async function authenticated(app: App, secret: string, url: string, fields: [string, string][]): Promise<Request> {
  const form = new URLSearchParams(fields);
  const headers: [string, string][] = [
    ["Content-Type", "application/x-www-form-urlencoded"],
    ["Accept", "application/json"],
  ];
  switch (app.auth) {
    case "none":
      form.set("client_id", app.clientId);
      break;
    case "client_secret_basic":
      headers.push(["Authorization", `Basic ${basic(app.clientId, secret)}`]);
      break;
    case "client_secret_post":
      form.set("client_id", app.clientId);
      form.set("client_secret", secret);
      break;
    case "private_key_jwt":
      form.set("client_id", app.clientId);
      form.set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
      form.set("client_assertion", await assertion(app, secret));
      break;
    case "sigma_bitcoin_auth":
      form.set("client_id", app.clientId);
      headers.push(["X-Auth-Token", await bitcoinToken(secret, new URL(url).pathname, form.toString())]);
      break;
  }
  return { method: "POST", url, headers, body: form.toString() };
}

/** Id and secret, each form-encoded first (RFC 6749 §2.3.1). */
function basic(clientId: string, secret: string): string {
  const encode = (text: string) => new URLSearchParams({ "": text }).toString().slice(1);
  return btoa(String.fromCharCode(...utf8(`${encode(clientId)}:${encode(secret)}`)));
}

async function assertion(app: App, secret: string): Promise<string> {
  let key: Jwk;
  try {
    key = JSON.parse(secret) as Jwk;
  } catch {
    throw new Error("The private key in step 1 is not a JWK: paste its JSON.");
  }
  const now = Math.floor(Date.now() / 1000);
  return sign(key, { iss: app.clientId, sub: app.clientId, aud: app.issuer, jti: random(16), iat: now, exp: now + 60 });
}

/** The signed header of a Bitcoin-key app. The curve library is large, so it is loaded only when needed. */
async function bitcoinToken(privateKeyWif: string, requestPath: string, body: string): Promise<string> {
  const { getAuthToken } = await import("bitcoin-auth");
  try {
    return getAuthToken({ privateKeyWif, requestPath, body, scheme: "brc77" });
  } catch {
    throw new Error("The private key in step 1 is not a WIF (51 or 52 characters, beginning with 5, K or L).");
  }
}
