//! A user and their browser: a key, cookies, and the steps of a sign-in without a screen.

import assert from "node:assert/strict";
import http from "node:http";
import https from "node:https";
import { buffer } from "node:stream/consumers";
import { Hash, PrivateKey, Utils } from "@bsv/sdk";
import { getAuthToken } from "bitcoin-auth";

const SIGN_IN = "/api/auth/sign-in/sigma";
const SIGN_UP = "/api/auth/sign-up/sigma";

/** One HTTP exchange. Node's own fetch is unusable: it always identifies as a script (`Sec-Fetch-Mode: cors`). */
async function exchange(url, { method = "GET", headers, body }) {
  const { request } = String(url).startsWith("https:") ? https : http;
  const [message] = await new Promise((resolve, reject) =>
    request(url, { method, headers }, (...answer) => resolve(answer)).on("error", reject).end(body),
  );
  const answer = new Headers();
  for (const [name, values] of Object.entries(message.headersDistinct)) for (const value of values) answer.append(name, value);
  const content = await buffer(message);
  return new Response(content.length > 0 ? content : null, { status: message.statusCode, headers: answer });
}

/** Keeps cookies by host, as browsers do (ports do not separate them), and does not follow redirects. */
export class Browser {
  #cookies = new Map();

  /** A script's request for methods other than GET, else a navigation. */
  async fetch(url, init = {}) {
    const { hostname, origin } = new URL(url);
    const jar = this.#cookies.get(hostname) ?? new Map();
    this.#cookies.set(hostname, jar);
    const headers = { ...init.headers };
    if (jar.size > 0) headers.cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    if (init.method && init.method !== "GET") {
      Object.assign(headers, { origin, "sec-fetch-mode": "cors", "sec-fetch-site": "same-origin" });
    } else {
      Object.assign(headers, { accept: "text/html", "sec-fetch-mode": "navigate" });
    }
    const response = await exchange(url, { ...init, headers });
    for (const line of response.headers.getSetCookie()) {
      const [pair, ...attributes] = line.split(";");
      const [name, value] = [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)];
      const expired = attributes.some((attribute) => /^\s*max-age=0$/i.test(attribute)) || value === "";
      if (expired) jar.delete(name);
      else jar.set(name, value);
    }
    return response;
  }

  post(url, body, headers = {}) {
    return this.fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  }

  /** Follows redirects, but stops before a URL that `until` accepts. */
  async visit(url, until = () => false) {
    for (let hops = 0; hops < 10; hops += 1) {
      if (until(url)) return { url, response: null };
      const response = await this.fetch(url);
      if (response.status < 300 || response.status >= 400) return { url, response };
      url = new URL(response.headers.get("location"), url).href;
    }
    throw new Error(`too many redirects, the last to ${url}`);
  }
}

export class Person {
  browser = new Browser();
  key = PrivateKey.fromRandom();

  constructor(issuer) {
    this.issuer = issuer;
  }

  get pubkey() {
    return this.key.toPublicKey().toString();
  }

  get address() {
    return this.key.toAddress();
  }

  /** The identity that follows from the key alone: the hash of its address. */
  get bapId() {
    return Utils.toBase58(Hash.ripemd160(Hash.sha256(Utils.toArray(this.address, "utf8"))));
  }

  sign(requestPath, body, scheme = "brc77") {
    return getAuthToken({ privateKeyWif: this.key.toWif(), requestPath, body, scheme });
  }

  async signUp() {
    const body = JSON.stringify({ bapId: this.bapId, intent: "sign-up" });
    const response = await this.browser.post(this.issuer + SIGN_UP, body, {
      "x-auth-token": this.sign(SIGN_IN),
      "x-sigma-enrollment-proof": this.sign(SIGN_UP, body),
    });
    assert.equal(response.status, 200, await response.clone().text());
    return response.json();
  }

  async signIn() {
    const response = await this.browser.post(this.issuer + SIGN_IN, "{}", { "x-auth-token": this.sign(SIGN_IN) });
    assert.equal(response.status, 200, await response.clone().text());
    return response.json();
  }

  /**
   * Completes an authorization request as a user would: signs in and consents when asked.
   * Returns the URL at the app to which the browser is sent, which starts with `redirectUri`.
   */
  async authorize(url, redirectUri) {
    const atApp = (target) => target.startsWith(redirectUri);
    let page = await this.browser.visit(String(url), atApp);
    for (let steps = 0; steps < 4 && !atApp(page.url); steps += 1) {
      const { pathname, search, searchParams } = new URL(page.url);
      assert.equal(page.response.status, 200, `${page.url}: ${await page.response.clone().text()}`);
      if (pathname === "/login") {
        await this.signIn();
        const interaction = encodeURIComponent(searchParams.get("interaction"));
        page = await this.browser.visit(`${this.issuer}/api/auth/oauth2/authorize?interaction=${interaction}`, atApp);
      } else if (pathname === "/consent") {
        const decision = { accept: true, oauth_query: search.slice(1) };
        const response = await this.browser.post(`${this.issuer}/api/auth/oauth2/consent`, decision);
        assert.equal(response.status, 200, await response.clone().text());
        const answer = await response.json();
        assert.equal(answer.redirect, true);
        page = await this.browser.visit(answer.url, atApp);
      } else {
        throw new Error(`stranded at ${page.url}:\n${await page.response.text()}`);
      }
    }
    return new URL(page.url);
  }
}

/** A user with an account, signed out. */
export async function newPerson(issuer) {
  const person = new Person(issuer);
  await person.signUp();
  person.browser = new Browser();
  return person;
}
