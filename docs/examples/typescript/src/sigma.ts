//! Who calls: a person with a workspace's token, checked here, or a server with an API key, checked by Sigma.

import { readFile } from "node:fs/promises";
import type { IncomingHttpHeaders } from "node:http";
import { base64url, errors, jwtVerify, type JWTHeaderParameters } from "jose";

export interface Caller {
  workspaceId: string;
  /** A person; absent for a key. */
  userId?: string;
  /** The person's role when the token was made. */
  roleId?: string;
}

/** What the caller is told instead of an answer. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** What `sigma workspace secret ID --json` prints: a JWK set, and whose it is. */
interface WorkspaceSecrets {
  workspaceId: string;
  keys: { kid: string; k: string }[];
}

interface Options {
  url: string;
  /** The key that this service itself calls Sigma with. */
  ownKey: string;
  secretsFile: string;
}

const unauthorized = (message: string) => new Refusal(401, "UNAUTHORIZED", message);

export class Sigma {
  #secrets = new Map<string, { workspaceId: string; secret: Uint8Array }>();

  private constructor(readonly options: Options) {}

  static async open(options: Options): Promise<Sigma> {
    const sigma = new Sigma(options);
    await sigma.readSecrets();
    return sigma;
  }

  /** Reads the secrets anew, as has to be done after each rotation. */
  async readSecrets(): Promise<void> {
    const { workspaceId, keys } = JSON.parse(await readFile(this.options.secretsFile, "utf8")) as WorkspaceSecrets;
    this.#secrets = new Map(keys.map(({ kid, k }) => [kid, { workspaceId, secret: base64url.decode(k) }]));
  }

  async caller(headers: IncomingHttpHeaders, permission: string): Promise<Caller> {
    const { authorization, "x-sigma-apikey": apiKey } = headers;
    if (authorization !== undefined && apiKey !== undefined) {
      throw new Refusal(400, "VALIDATION_ERROR", "Send a token or an API key, not both");
    }
    if (typeof apiKey === "string") return this.#checkKey(apiKey, permission);
    const [, token] = /^Bearer +([^ ]+)$/i.exec(authorization ?? "") ?? [];
    if (token === undefined) throw unauthorized("Missing authentication");
    return this.#checkToken(token);
  }

  /** Signature, algorithm and times, without asking anybody. A logout is not seen. */
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
    // A secret signs for its own workspace alone.
    const owner = this.#secrets.get(protectedHeader.kid ?? "")?.workspaceId;
    if (typeof userId !== "string" || typeof roleId !== "string" || workspaceId !== owner || owner === undefined) {
      throw invalid();
    }
    return { workspaceId: owner, userId, roleId };
  }

  /** A key is nothing but a random text: only Sigma knows whose it is and what it may. */
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
