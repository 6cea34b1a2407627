// What the Playground remembers while the browser is away at the server: in this tab's sessionStorage alone.
// Secrets and private keys are not part of it; they live in memory and are asked for again after a page load.

import type { Exchange } from "./exchange.ts";

/** How the app proves who it is at the token endpoint. */
export const AUTH_METHODS = [
  "none",
  "client_secret_basic",
  "client_secret_post",
  "private_key_jwt",
  "sigma_bitcoin_auth",
] as const;

/** One of them. */
export type AuthMethod = (typeof AUTH_METHODS)[number];

/** The app and the server that it talks to. */
export interface App {
  issuer: string;
  clientId: string;
  auth: AuthMethod;
  /** Who sends what a browser does not navigate to: the browser, or the Playground's own small server. */
  via: "browser" | "server";
}

/** The answer of a token endpoint. */
export interface Tokens {
  access_token?: string;
  refresh_token?: string;
  id_token?: string;
  scope?: string;
  [field: string]: unknown;
}

/** What came back to the redirect URI. */
export interface Callback {
  method: "GET" | "POST";
  url: string;
  parameters: [string, string][];
}

/** Everything that outlives a page load. */
export interface State {
  app: App;
  /** Parameters of the authorization request by name; an empty one is not sent. */
  parameters: Record<string, string>;
  verifier: string;
  /** What was last sent, to check the answer against. */
  sent?: Record<string, string>;
  callback?: Callback;
  tokens?: Tokens;
  /** The nonce that the id token must carry. */
  nonce?: string;
  /** The last exchange of each kind. */
  exchanges: Record<string, Exchange>;
  signedOut?: string;
}

const KEY = "playground";

/** Stands for what must not be stored. */
export interface Secrets {
  /** A client secret, a private JWK or a WIF, as the method wants. */
  value: string;
}

/** The secret of the app: in memory only. */
export const secrets: Secrets = { value: "" };

/** What was remembered, or the beginning. */
export function restore(beginning: State): State {
  const stored = sessionStorage.getItem(KEY);
  if (!stored) return beginning;
  try {
    return { ...beginning, ...(JSON.parse(stored) as State) };
  } catch {
    return beginning;
  }
}

/** Remembers `state` for the next page load in this tab. */
export function remember(state: State): void {
  sessionStorage.setItem(KEY, JSON.stringify(state));
}

/** Forgets everything. */
export function forget(): void {
  sessionStorage.removeItem(KEY);
}
