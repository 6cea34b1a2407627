//! Users who sign in to an app over and over, and what the server acknowledged to them: every promise is checked again
//! after the fault.

import { createHash, randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { connections, send } from "./http.mjs";

const redirectUri = "http://127.0.0.1:9/callback";
const password = "correct horse battery staple";

/** Makes an app with a secret and `count` people, by the command line beside the server, and signs the people in. */
export async function makePeople(sigma, count) {
  const app = await sigma.admin("app", "add", "--name", "Drill", "--redirect-uri", redirectUri);
  const workspace = await sigma.admin("workspace", "add", "--name", "Drill");
  const names = Array.from({ length: count }, (_, number) => `person${number}-${randomBytes(4).toString("hex")}@example.org`);
  for (const email of names) {
    await sigma.adminWith(`${password}\n`, "user", "add", "--email", email, "--workspace", workspace.id, "--password-stdin");
  }
  const agent = connections();
  const people = [];
  for (const email of names) people.push(await signIn(sigma.issuer, email, app, agent));
  agent.destroy();
  return { app, people };
}

/** Signs a user in by password, and consents to the app once. */
async function signIn(issuer, email, app, agent) {
  const answer = await send(`${issuer}/login/password`, { form: { email, password }, headers: { origin: issuer }, agent });
  const cookies = cookiesOf(answer);
  if (!cookies.includes("session_token=")) throw new Error(`no session for ${email}: ${answer.status} ${answer.text}`);
  const person = { email, cookies };
  const { location } = (await askForCode(issuer, app, person, {}, agent)).headers;
  const page = new URL(location ?? "/", issuer);
  if (page.pathname === "/consent") {
    const all = `${cookies}; ${person.binding}`;
    const shown = await send(page.href, { headers: { cookie: all, accept: "text/html" }, agent });
    const interaction = /name="interaction" value="([^"]*)"/.exec(shown.text)?.[1];
    const agreed = await send(`${issuer}/api/auth/oauth2/consent`, {
      form: { interaction, accept: "true" },
      headers: { origin: issuer, cookie: all, accept: "text/html" },
      agent,
    });
    if (agreed.status >= 400 || !interaction) throw new Error(`no consent: ${agreed.status} ${agreed.text}`);
  }
  return person;
}

function cookiesOf({ headers }) {
  return (headers["set-cookie"] ?? []).map((line) => line.split(";")[0]).join("; ");
}

async function askForCode(issuer, app, person, more, agent) {
  const verifier = randomBytes(32).toString("base64url");
  const query = new URLSearchParams({
    client_id: app.client_id,
    response_type: "code",
    scope: "openid offline_access",
    redirect_uri: redirectUri,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    ...more,
  });
  const answer = await send(`${issuer}/oauth2/authorize?${query}`, { headers: { cookie: person.cookies, accept: "text/html" }, agent });
  person.binding = cookiesOf(answer);
  return { ...answer, verifier };
}

/** The actions of the loops, and the server's answers. */
export class Load {
  acknowledged = { exchange: 0, refresh: 0, revocation: 0 };
  /** Answers by step and status, other than 200 and 303; 0 is a broken connection. */
  refused = {};
  /** Tokens by their last acknowledged state. */
  live = new Set();
  revoked = new Set();
  /** The newest refresh token of each chain. */
  chains = new Set();
  /** The time of each acknowledged write, in milliseconds since the epoch. */
  moments = [];
  #running = false;
  #loops = [];

  constructor(issuers, app, people) {
    this.issuers = [issuers].flat();
    this.app = app;
    this.people = people;
    this.agent = connections();
  }

  /** Starts `count` loops. Each uses the next server for each request. */
  start(count, pause = 0) {
    this.#running = true;
    this.#loops = Array.from({ length: count }, (_, number) => this.#loop(number, pause));
  }

  async stop() {
    this.#running = false;
    await Promise.all(this.#loops);
  }

  get total() {
    return Object.values(this.acknowledged).reduce((sum, count) => sum + count, 0);
  }

  get refusals() {
    return Object.values(this.refused).reduce((sum, count) => sum + count, 0);
  }

  #note(step, answer, fine) {
    if (fine) {
      this.acknowledged[step] = (this.acknowledged[step] ?? 0) + 1;
      this.moments.push(Date.now());
    } else {
      const name = `${step} ${answer.status}`;
      this.refused[name] = (this.refused[name] ?? 0) + 1;
    }
    return fine;
  }

  async #loop(number, pause) {
    const person = this.people[number % this.people.length];
    for (let round = number; this.#running; round += 1) {
      const issuer = () => this.issuers[round++ % this.issuers.length];
      const done = await this.#flow(issuer, { ...person });
      await delay(done ? pause : 20);
    }
  }

  async #flow(issuer, person) {
    const { agent, app } = this;
    const asked = await askForCode(issuer(), app, person, {}, agent);
    const code = asked.headers.location && new URL(asked.headers.location, redirectUri).searchParams.get("code");
    if (!code) return this.#note("authorize", asked, false);
    const exchanged = await this.#token(issuer(), {
      grant_type: "authorization_code",
      code,
      redirect_uri: redirectUri,
      code_verifier: asked.verifier,
    });
    if (!this.#note("exchange", exchanged, exchanged.status === 200)) return false;
    const first = JSON.parse(exchanged.text);
    this.live.add(first.access_token);
    const refreshed = await this.#token(issuer(), { grant_type: "refresh_token", refresh_token: first.refresh_token });
    if (!this.#note("refresh", refreshed, refreshed.status === 200)) return false;
    const second = JSON.parse(refreshed.text);
    this.live.add(second.access_token);
    if (this.acknowledged.exchange % 4 !== 0) {
      this.chains.add(second.refresh_token);
      return true;
    }
    // Whatever the answer: from here on, these are not promised to be valid.
    this.live.delete(first.access_token);
    this.live.delete(second.access_token);
    const revoked = await this.#post(issuer(), "/api/auth/oauth2/revoke", { token: second.refresh_token });
    if (this.#note("revocation", revoked, revoked.status === 200)) this.revoked.add(second.access_token);
    return true;
  }

  #token(issuer, form) {
    return this.#post(issuer, "/api/auth/oauth2/token", form);
  }

  #post(issuer, path, form) {
    const { client_id, client_secret } = this.app;
    const authorization = `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString("base64")}`;
    return send(issuer + path, { form, headers: { authorization }, agent: this.agent });
  }

  /** Checks everything acknowledged at `issuer`: what is lost, and what was undone. */
  async verify(issuer) {
    const active = async (token) => {
      for (;;) {
        const answer = await this.#post(issuer, "/api/auth/oauth2/introspect", { token });
        if (answer.status === 200) return JSON.parse(answer.text).active;
        if (answer.status !== 0 && answer.status !== 503) throw new Error(`introspection: ${answer.status} ${answer.text}`);
        await delay(50);
      }
    };
    let [lost, undone, broken] = [0, 0, 0];
    for (const token of this.live) if (!(await active(token))) lost += 1;
    for (const token of this.revoked) if (await active(token)) undone += 1;
    for (const token of [...this.chains].slice(-200)) {
      const answer = await this.#token(issuer, { grant_type: "refresh_token", refresh_token: token });
      if (answer.status !== 200) broken += 1;
    }
    this.agent.destroy();
    return { lost, undone, broken };
  }

  /** The longest time without an acknowledged write, in seconds. */
  longestPause() {
    const gaps = this.moments.map((moment, index) => (index === 0 ? 0 : moment - this.moments[index - 1]));
    return Math.max(0, ...gaps.slice(-2_000_000)) / 1000;
  }
}
