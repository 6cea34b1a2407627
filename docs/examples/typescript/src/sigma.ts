//! Authenticates callers: users by a workspace's token, verified here, and servers by an API key, verified by Sigma. Behind
//! a proxy that asks Sigma, its signed header identifies both.

import { readFile } from "node:fs/promises";
import type { IncomingHttpHeaders } from "node:http";
import { base64url, createRemoteJWKSet, errors, jwtVerify, type JWTHeaderParameters } from "jose";

export interface Caller {
  workspaceId: string;
  /** The user; absent for a key. */
  userId?: string;
  /** The user's role when the token was issued. */
  roleId?: string;
}

/** The error response to a caller. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** The output of `sigma workspace secret ID --json`: a JWK set and its workspace. */
interface WorkspaceSecrets {
  workspaceId: string;
  keys: { kid: string; k: string }[];
}

interface Options {
  url: string;
  /** This service's own API key for calling Sigma. */
  ownKey: string;
  secretsFile: string;
  /** Sigma's issuer and this service's audience (`workspaces.forward_audiences`), behind a proxy that asks Sigma. */
  forwarded?: { issuer: string; audience: string };
}

const unauthorized = (message: string) => new Refusal(401, "UNAUTHORIZED", message);

export class Sigma {
  #secrets = new Map<string, { workspaceId: string; secret: Uint8Array }>();
  /** Sigma's keys: fetched when one is missing, then cached. */
  readonly #keys;

  private constructor(readonly options: Options) {
    this.#keys = createRemoteJWKSet(new URL("/.well-known/jwks.json", options.url));
  }

  static async open(options: Options): Promise<Sigma> {
    const sigma = new Sigma(options);
    await sigma.readSecrets();
    return sigma;
  }

  /** Reloads the secrets, which is necessary after each rotation. */
  async readSecrets(): Promise<void> {
    const { workspaceId, keys } = JSON.parse(await readFile(this.options.secretsFile, "utf8")) as WorkspaceSecrets;
    this.#secrets = new Map(keys.map(({ kid, k }) => [kid, { workspaceId, secret: base64url.decode(k) }]));
  }

  async caller(headers: IncomingHttpHeaders, permission: string): Promise<Caller> {
    if (this.options.forwarded) return this.#checkForwarded(headers["x-sigma-token"], permission);
    const { authorization, "x-sigma-apikey": apiKey } = headers;
    if (authorization !== undefined && apiKey !== undefined) {
      throw new Refusal(400, "VALIDATION_ERROR", "Send a token or an API key, not both");
    }
    if (typeof apiKey === "string") return this.#checkKey(apiKey, permission);
    const [, token] = /^Bearer +([^ ]+)$/i.exec(authorization ?? "") ?? [];
    if (token === undefined) throw unauthorized("Missing authentication");
    return this.#checkToken(token);
  }

  /**
   * The caller according to Sigma's answer to the proxy. Only Sigma can have written this header, which is valid for a minute.
   * The four other headers agree with it, but anyone who bypasses the proxy can forge those.
   */
  async #checkForwarded(token: string | string[] | undefined, permission: string): Promise<Caller> {
    if (typeof token !== "string" || token === "") throw unauthorized("Missing authentication");
    const options = {
      ...this.options.forwarded,
      typ: "sigma-forward+jwt",
      algorithms: ["ES256"],
      requiredClaims: ["exp", "workspaceId"],
      clockTolerance: 5,
    };
    const { payload } = await jwtVerify(token, this.#keys, options).catch((error: unknown) => {
      const isWrong = error instanceof errors.JOSEError && /^ERR_(JWT|JWS|JOSE_ALG|JWKS_NO_MATCHING)/.test(error.code);
      throw isWrong ? unauthorized("Invalid or expired token") : new Refusal(503, "UNAVAILABLE", "Sigma has no keys for us");
    });
    const { workspaceId, userId, roleId, permissions } = payload;
    if (typeof workspaceId !== "string") throw unauthorized("Invalid or expired token");
    if (!Array.isArray(permissions) || !permissions.includes(permission)) {
      throw new Refusal(403, "PERMISSION_DENIED", `The caller may not ${permission}`);
    }
    return {
      workspaceId,
      ...(typeof userId === "string" && { userId }),
      ...(typeof roleId === "string" && { roleId }),
    };
  }

  /** Verifies signature, algorithm and times offline, so a logout goes unnoticed. */
  async #checkToken(token: string): Promise<Caller> {
    const invalid = () => unauthorized("Invalid or expired token");
    const secretOf = ({ kid = "" }: JWTHeaderParameters) => {
      const found = this.#secrets.get(kid);
      if (!found) throw invalid();
      return found.secret;
    };
    const options = { algorithms: ["HS256"], requiredClaims: ["iat", "exp"], clockTolerance: 5 };
    const { payload, protectedHeader } = await jwtVerify(token, secretOf, options).catch((error: unknown) => {
      throw error instanceof errors.JOSEError ? invalid() : error;
    });
    const { userId, workspaceId, roleId } = payload;
    // A secret is valid only for its own workspace.
    const owner = this.#secrets.get(protectedHeader.kid ?? "")?.workspaceId;
    if (typeof userId !== "string" || typeof roleId !== "string" || workspaceId !== owner || owner === undefined) {
      throw invalid();
    }
    return { workspaceId: owner, userId, roleId };
  }

  /** An API key is a random string: only Sigma knows its workspace and permissions. */
  async #checkKey(apiKey: string, permission: string): Promise<Caller> {
    const answer = await fetch(`${this.options.url}/api/v1/auth/verify`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Sigma-ApiKey": this.options.ownKey },
      body: JSON.stringify({ apiKey, permission }),
      signal: AbortSignal.timeout(5_000),
    }).catch(() => undefined);
    if (!answer?.ok) throw new Refusal(503, "UNAVAILABLE", "The key could not be checked");
    const checked = (await answer.json()) as { valid: boolean; code?: string; workspaceId?: string };
    if (checked.valid && checked.workspaceId !== undefined) return { workspaceId: checked.workspaceId };
    if (checked.code === "PERMISSION_DENIED") {
      throw new Refusal(403, "PERMISSION_DENIED", `The key may not ${permission}`);
    }
    throw unauthorized("Invalid API key");
  }
}
