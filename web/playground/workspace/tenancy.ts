// What the steps of the workspace flow share: who is logged in where, the key that was made, and how requests are sent.
// All of it is in memory: nothing here leads away from the page.

import { objectOf, send, type Exchange, type Request } from "../exchange.ts";
import type { Demo, DemoWorkspace, Step } from "../playground.ts";

/** What `quick-logins` says of a workspace. */
export interface Team {
  workspaceId: string;
  name: string;
  users: Person[];
}

/** Somebody who logs in by a click. */
export interface Person {
  id: string;
  email: string | null;
  name: string;
  roleId: string;
}

/** Who is logged in. */
export interface Session {
  token: string;
  user: { id: string; name: string; roleId: string; workspaceId: string };
  /** Logged out: the token is dead. */
  over: boolean;
}

/** A key that was made here. */
export interface MadeKey {
  id: string;
  key: string;
  active: boolean;
  workspaceId: string;
}

/** How a request proves who sends it. */
export type Credential = "none" | "token" | "key";

/** The workspace flow. */
export class Tenancy {
  readonly demo: Demo;
  teams: Team[] = [];
  session: Session | undefined;
  key: MadeKey | undefined;
  /** Ids and names of the roles that were listed. */
  roles: { id: string; name: string }[] = [];
  /** The last exchange of each kind. */
  exchanges: Record<string, Exchange> = {};
  steps: Step[] = [];
  onchange: () => void = () => undefined;

  constructor(demo: Demo) {
    this.demo = demo;
  }

  /** Lets every step follow. */
  changed(): void {
    for (const step of this.steps) void step.update();
    this.onchange();
  }

  /** What the demo says of the workspace that one is in. */
  told(): DemoWorkspace | undefined {
    return this.demo.workspaces.find(({ workspaceId }) => workspaceId === this.session?.user.workspaceId);
  }

  /** The key, if the workspace that one is in has made it. */
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

  /** Asks who may log in by a click. */
  async discover(): Promise<void> {
    const { answer } = await this.send("quick-logins", "GET", "/auth/quick-logins", { credential: "none" });
    this.teams = answer?.status === 200 ? (JSON.parse(answer.body) as Team[]) : [];
    this.changed();
  }

  /** Logs somebody in. What was done before belongs to whoever was there before. */
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

/** Why nothing can be done with a token. */
export function withoutSession(tenancy: Tenancy): string | undefined {
  return tenancy.session ? undefined : "Log in first.";
}
