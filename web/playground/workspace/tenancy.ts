// Shared by the steps of the workspace flow: who is logged in where, the key created here, and sending requests.
// All of it is in memory: nothing here navigates away from the page.

import { objectOf, send, type Exchange, type Request } from "../exchange.ts";
import type { Demo, DemoWorkspace, Step } from "../playground.ts";

/** A workspace in the response of `quick-logins`. */
export interface Team {
  workspaceId: string;
  name: string;
  users: Person[];
}

/** A member with quick login. */
export interface Person {
  id: string;
  email: string | null;
  name: string;
  roleId: string;
}

/** The logged-in session. */
export interface Session {
  token: string;
  user: { id: string; name: string; roleId: string; workspaceId: string };
  /** Logged out: the token is no longer valid. */
  over: boolean;
}

/** An API key created here. */
export interface MadeKey {
  id: string;
  key: string;
  active: boolean;
  workspaceId: string;
}

/** The credential of a request. */
export type Credential = "none" | "token" | "key";

/** The workspace flow. */
export class Tenancy {
  readonly demo: Demo;
  teams: Team[] = [];
  session: Session | undefined;
  key: MadeKey | undefined;
  /** Ids and names of the listed roles. */
  roles: { id: string; name: string }[] = [];
  /** The last exchange of each kind. */
  exchanges: Record<string, Exchange> = {};
  steps: Step[] = [];
  onchange: () => void = () => undefined;

  constructor(demo: Demo) {
    this.demo = demo;
  }

  /** Updates every step. */
  changed(): void {
    for (const step of this.steps) void step.update();
    this.onchange();
  }

  /** The demo's data about the current workspace. */
  told(): DemoWorkspace | undefined {
    return this.demo.workspaces.find(({ workspaceId }) => workspaceId === this.session?.user.workspaceId);
  }

  /** The key, if it belongs to the current workspace. */
  ownKey(): MadeKey | undefined {
    return this.key?.workspaceId === this.session?.user.workspaceId ? this.key : undefined;
  }

  /** Sends a request and keeps the exchange under `kind`. A key is sent by a server, everything else by the browser. */
  async send(
    kind: string,
    method: "GET" | "POST",
    path: string,
    { credential, body }: { credential: Credential; body?: unknown },
  ): Promise<Exchange> {
    const headers: [string, string][] = [["Accept", "application/json"]];
    if (credential === "token") headers.push(["Authorization", `Bearer ${this.session?.token ?? ""}`]);
    if (credential === "key") headers.push(["X-Sigma-ApiKey", this.ownKey()?.key ?? ""]);
    if (body !== undefined) headers.push(["Content-Type", "application/json"]);
    const request: Request = {
      method,
      url: `${this.demo.issuer}/api/v1${path}`,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
    const exchange = await send(request, credential === "key" || path.startsWith("/auth/forward") ? "server" : "browser");
    this.exchanges[kind] = exchange;
    return exchange;
  }

  /** Fetches the members with quick login. */
  async discover(): Promise<void> {
    const { answer } = await this.send("quick-logins", "GET", "/auth/quick-logins", { credential: "none" });
    this.teams = answer?.status === 200 ? (JSON.parse(answer.body) as Team[]) : [];
    this.changed();
  }

  /** Logs a member in, dropping the exchanges of the previous one. */
  async logIn(workspaceId: string, userId: string): Promise<void> {
    const list = this.exchanges["quick-logins"];
    this.exchanges = list ? { "quick-logins": list } : {};
    this.roles = [];
    this.session = undefined;
    const body = { workspaceId, userId };
    const { answer } = await this.send("log-in", "POST", "/auth/quick-login", { credential: "none", body });
    if (answer?.status === 200) this.session = { ...(objectOf(answer) as unknown as Session), over: false };
    this.changed();
  }
}

/** Why no token can be used. */
export function withoutSession(tenancy: Tenancy): string | undefined {
  return tenancy.session ? undefined : "Log in first.";
}
