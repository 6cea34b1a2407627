// The Playground's state while the browser visits the server: kept only in this tab's sessionStorage.
// Secrets and private keys are not part of it; they live in memory and must be entered again after a page load.

import type { Exchange } from "./exchange.ts";

/** Client authentication at the token endpoint. */
export const AUTH_METHODS = [
  "none",
  "client_secret_basic",
  "client_secret_post",
  "private_key_jwt",
  "sigma_bitcoin_auth",
] as const;

/** One of them. */
export type AuthMethod = (typeof AUTH_METHODS)[number];

/** The app and its server. */
export interface App {
  issuer: string;
  clientId: string;
  auth: AuthMethod;
  /** What sends requests that are not navigations: the browser, or the Playground's own small server. */
  via: "browser" | "server";
}

/** The response of a token endpoint. */
export interface Tokens {
  access_token?: string;
  refresh_token?: string;
  id_token?: string;
  scope?: string;
  [field: string]: unknown;
}

/** The response at the redirect URI. */
export interface Callback {
  method: "GET" | "POST";
  url: string;
  parameters: [string, string][];
}

/** Everything that survives a page load. */
export interface State {
  app: App;
  /** Parameters of the authorization request by name; an empty one is not sent. */
  parameters: Record<string, string>;
  verifier: string;
  /** The last request, to check the response against. */
  sent?: Record<string, string>;
  callback?: Callback;
  tokens?: Tokens;
  /** The expected nonce of the ID token. */
  nonce?: string;
  /** The last exchange of each kind. */
  exchanges: Record<string, Exchange>;
  signedOut?: string;
}

const KEY = "playground";

/** Holds what must not be stored. */
export interface Secrets {
  /** A client secret, a private JWK or a WIF, depending on the method. */
  value: string;
}

/** The secret of the app: in memory only. */
export const secrets: Secrets = { value: "" };

/** The saved state, or the initial one. */
export function restore(beginning: State): State {
  const stored = sessionStorage.getItem(KEY);
  if (!stored) return beginning;
  try {
    return { ...beginning, ...(JSON.parse(stored) as State) };
  } catch {
    return beginning;
  }
}

/** Saves `state` for the next page load in this tab. */
export function remember(state: State): void {
  sessionStorage.setItem(KEY, JSON.stringify(state));
}

/** Forgets everything. */
export function forget(): void {
  sessionStorage.removeItem(KEY);
}
