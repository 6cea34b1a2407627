// Shared by the steps of the merits flow: the demo's app, which acts for orgs, and what it has learned so far. It survives the
// way to the server and back in this tab's sessionStorage.

import { objectOf, send, type Exchange, type Request } from "../exchange.ts";
import type { Demo, Step } from "../playground.ts";

/** The app of this flow, and the orgs that it acts for. */
export interface DemoMerits {
  app: { id: string; name: string; secret: string };
  orgs: { id: string; name: string; about: string }[];
}

/** What the browser brought back. */
export interface Returned {
  url: string;
  parameters: [string, string][];
}

/** What survives a page load. */
interface State {
  orgId: string;
  orgToken?: string;
  memberId?: string;
  sentState?: string;
  returned?: Returned;
  exchanges: Record<string, Exchange>;
}

const KEY = "playground-merits";

/** The merits flow. */
export class Badges {
  readonly demo: Demo;
  readonly told: DemoMerits;
  state: State;
  steps: Step[] = [];
  onchange: () => void = () => undefined;

  constructor(demo: Demo) {
    this.demo = demo;
    this.told = demo.merits;
    this.state = restore({ orgId: this.told.orgs[0]?.id ?? "", exchanges: {} });
  }

  /** Saves the state and updates every step. */
  changed(): void {
    sessionStorage.setItem(KEY, JSON.stringify(this.state));
    for (const step of this.steps) void step.update();
    this.onchange();
  }

  /** The last exchange of a kind. */
  last(kind: string): Exchange | undefined {
    return this.state.exchanges[kind];
  }

  /** The last answer of a kind, if it succeeded. */
  answer(kind: string): Record<string, unknown> | undefined {
    const answer = this.last(kind)?.answer;
    return answer?.status === 200 ? objectOf(answer) : undefined;
  }

  /** Sends a request from the app's server, and keeps the exchange under `kind`. */
  async send(kind: string, as: "app" | "org", method: "GET" | "POST", path: string, body?: unknown): Promise<Exchange> {
    const basic = () => `Basic ${btoa(`${this.told.app.id}:${this.told.app.secret}`)}`;
    const headers: [string, string][] = [
      ["Accept", "application/json"],
      ["Authorization", as === "app" ? basic() : `Bearer ${this.state.orgToken ?? ""}`],
    ];
    if (body !== undefined) headers.push(["Content-Type", "application/json"]);
    const request: Request = {
      method,
      url: `${this.demo.issuer}/v2${path}`,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
    const exchange = await send(request, "server");
    this.state.exchanges[kind] = exchange;
    this.changed();
    return exchange;
  }

  /** Acts for another org: what was learned as the former one is forgotten. */
  choose(orgId: string): void {
    this.state = { orgId, exchanges: {} };
    this.changed();
  }

  /** Keeps what the browser brought back to one of the app's addresses. */
  arrive(url: string, query: string): void {
    this.state.returned = { url, parameters: [...new URLSearchParams(query).entries()] };
  }
}

function restore(beginning: State): State {
  try {
    const stored = sessionStorage.getItem(KEY);
    return stored ? { ...beginning, ...(JSON.parse(stored) as State) } : beginning;
  } catch {
    return beginning;
  }
}

/** Why the app cannot act for an org. */
export function withoutOrg(badges: Badges): string | undefined {
  return badges.state.orgToken ? undefined : "Get an org access token first, in step 1.";
}

/** Why the app cannot ask about a member. */
export function withoutMember(badges: Badges): string | undefined {
  return withoutOrg(badges) ?? (badges.state.memberId ? undefined : "No member has logged in yet, in step 2.");
}
