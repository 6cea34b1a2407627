// Shared by all steps: the state of the flow, the server's metadata, and sending requests as the app.

import { authenticated } from "./client-auth.ts";
import { challengeOf, random } from "./encoding.ts";
import { objectOf, send, type Exchange, type Request } from "./exchange.ts";
import type { Jwk } from "./jwt.ts";
import type { DemoMerits } from "./merits/badges.ts";
import { forget, remember, restore, secrets, type AuthMethod, type State } from "./state.ts";

/** An app registered by the demo. */
export interface DemoApp {
  name: string;
  about: string;
  client_id: string;
  auth: AuthMethod;
  /** Its secret or WIF, generated for this demo. */
  secret?: string;
}

/** A workspace of the demo: facts that its API does not disclose publicly. */
export interface DemoWorkspace {
  workspaceId: string;
  /** The names of members' roles, by user id. */
  roles: Record<string, string>;
  /** An example for resolving a role: a schema of its product and some attributes. */
  schemaId: string;
  attributes: string[];
}

/** The demo's data for its Playground (`/demo.json`). */
export interface Demo {
  issuer: string;
  /** The prefix of admin commands: this program with the demo's database. */
  admin: string;
  apps: DemoApp[];
  workspaces: DemoWorkspace[];
  merits: DemoMerits;
}

/** A step: its element, and its update after a change. */
export interface Step {
  id: string;
  title: string;
  element: HTMLElement;
  /** Whether it is done, current, or waiting for an earlier one. */
  progress(): "done" | "current" | "waiting";
  update(): void | Promise<void>;
}

/** One visit to the Playground. */
export class Playground {
  readonly demo: Demo;
  state: State;
  /** The server's discovery document, once read. */
  metadata: Record<string, unknown> | undefined;
  keys: Jwk[] = [];
  /** Settled when discovery has finished, successfully or not. */
  discovered: Promise<void> = Promise.resolve();
  /** Settled when the protection values of the next request are consistent. */
  renewed: Promise<void> = Promise.resolve();
  steps: Step[] = [];
  onchange: () => void = () => undefined;

  constructor(demo: Demo) {
    this.demo = demo;
    this.state = restore(beginning(demo));
    this.useDemoSecret();
  }

  /** Saves the state and updates every step. */
  changed(): void {
    remember(this.state);
    for (const step of this.steps) void step.update();
    this.onchange();
  }

  /** The chosen app, if it is one of the demo's. */
  demoApp(): DemoApp | undefined {
    const { issuer, clientId } = this.state.app;
    return issuer === this.demo.issuer ? this.demo.apps.find((app) => app.client_id === clientId) : undefined;
  }

  /** Fills in the secrets of the demo's own apps. */
  useDemoSecret(): void {
    secrets.value = this.demoApp()?.secret ?? "";
  }

  /** The prefix of admin commands for the chosen server. */
  admin(): string {
    return this.state.app.issuer === this.demo.issuer ? this.demo.admin : "sigma";
  }

  /** An address from the discovery document, or Sigma's default. */
  endpoint(name: string, path: string): string {
    const stated = this.metadata?.[name];
    return typeof stated === "string" ? stated : `${this.state.app.issuer}${path}`;
  }

  /** Reads the server's metadata and keys. */
  discover(): Promise<void> {
    this.discovered = this.#discover();
    return this.discovered;
  }

  async #discover(): Promise<void> {
    const { issuer, via } = this.state.app;
    this.metadata = undefined;
    this.keys = [];
    const get = (url: string): Request => ({ method: "GET", url, headers: [["Accept", "application/json"]] });
    const discovery = await send(get(`${issuer}/.well-known/openid-configuration`), via);
    if (this.state.app.issuer !== issuer) return;
    this.state.exchanges["discovery"] = discovery;
    const metadata = discovery.answer?.status === 200 ? objectOf(discovery.answer) : undefined;
    if (metadata) {
      const jwks = await send(get(String(metadata["jwks_uri"] ?? `${issuer}/.well-known/jwks.json`)), via);
      if (this.state.app.issuer !== issuer) return;
      this.state.exchanges["jwks"] = jwks;
      const keys = objectOf(jwks.answer)?.["keys"];
      this.keys = Array.isArray(keys) ? (keys as Jwk[]) : [];
      this.metadata = metadata;
    }
    this.changed();
  }

  /** Posts a form as the app and keeps the exchange under `kind`. Reports why, if the app cannot authenticate. */
  async post(kind: string, url: string, fields: [string, string][]): Promise<Exchange> {
    const { app } = this.state;
    let exchange: Exchange;
    try {
      const request = await authenticated(app, secrets.value, url, fields);
      exchange = await send(request, app.via);
    } catch (error) {
      const request: Request = { method: "POST", url, headers: [], body: new URLSearchParams(fields).toString() };
      exchange = { request, via: app.via, failure: error instanceof Error ? error.message : String(error), millis: 0 };
    }
    this.state.exchanges[kind] = exchange;
    return exchange;
  }

  /** New state, nonce and verifier: each authorization request has its own. */
  renew(): Promise<void> {
    this.renewed = this.#renew();
    return this.renewed;
  }

  async #renew(): Promise<void> {
    const { state } = this;
    const verifier = random(32);
    const challenge = await challengeOf(verifier);
    state.verifier = verifier;
    state.parameters["state"] = random(16);
    state.parameters["nonce"] = random(16);
    state.parameters["code_challenge"] = challenge;
    state.parameters["code_challenge_method"] = "S256";
  }

  /** Switches apps, dropping everything that belongs to the old one. */
  async switchApp(change: Partial<State["app"]>): Promise<void> {
    Object.assign(this.state.app, change);
    this.state.parameters["client_id"] = this.state.app.clientId;
    this.restart();
    await this.renew();
    this.useDemoSecret();
    this.changed();
  }

  /** Forgets the last flow, but not the app and the parameters. */
  restart(): void {
    const { state } = this;
    delete state.sent;
    delete state.callback;
    delete state.tokens;
    delete state.nonce;
    delete state.signedOut;
    const { discovery, jwks } = state.exchanges;
    state.exchanges = { ...(discovery && { discovery }), ...(jwks && { jwks }) };
  }

  /** Forgets everything and starts with the demo's first app. */
  async reset(): Promise<void> {
    forget();
    this.state = beginning(this.demo);
    this.useDemoSecret();
    await this.renew();
    this.changed();
    await this.discover();
  }
}

/** The redirect URI. */
export const REDIRECT_URI = `${location.origin}/callback`;

/** The post-logout redirect URI. */
export const SIGNED_OUT_URI = `${location.origin}/signed-out`;

function beginning(demo: Demo): State {
  const [first] = demo.apps;
  return {
    app: {
      issuer: demo.issuer,
      clientId: first?.client_id ?? "",
      auth: first?.auth ?? "none",
      via: first?.auth === "none" ? "browser" : "server",
    },
    parameters: {
      response_type: "code",
      client_id: first?.client_id ?? "",
      redirect_uri: REDIRECT_URI,
      scope: "openid profile email offline_access",
    },
    verifier: "",
    exchanges: {},
  };
}
