// Step 4: how the product's own servers, or the proxy in front of them, check each call.

import { actionView } from "../action.ts";
import { h } from "../dom.ts";
import type { Exchange } from "../exchange.ts";
import { select } from "../fields.ts";
import type { Step } from "../playground.ts";
import { actionsStep } from "./step.ts";
import { withoutSession, type Credential, type Tenancy } from "./tenancy.ts";

const HEADERS = ["x-sigma-user-id", "x-sigma-workspace-id", "x-sigma-role-id", "x-sigma-permissions"];

const WISHES: [string, string][] = [
  ["", "none"],
  ["read", "read"],
  ["update-data", "update-data"],
  ["delete-model", "delete-model"],
  ["canExport", "canExport"],
  ["canManageUsers", "canManageUsers"],
];

/** The fourth step. */
export function checkStep(tenancy: Tenancy): Step {
  const asked = question("verify");
  const verify = actionView({
    title: "Verify",
    about: "A server of the product, which has an API key of its own, checks a token or key that it received.",
    label: "Verify",
    controls: asked.element,
    blocked: () => withoutSession(tenancy) ?? (tenancy.ownKey() ? undefined : "The server needs an API key: create one in step 3."),
    run: async () => {
      const what = asked.who() === "key" ? { apiKey: tenancy.ownKey()?.key } : { token: tenancy.session?.token };
      const body = { ...what, ...(asked.wish() && { permission: asked.wish() }) };
      await tenancy.send("verify", "POST", "/auth/verify", { credential: "key", body });
      tenancy.changed();
    },
    exchange: () => tenancy.exchanges["verify"],
  });
  const passed = question("forward");
  const forward = actionView({
    title: "Forward",
    about: "nginx, Traefik or Caddy asks with the headers of the call, and tells the product who is calling.",
    label: "Ask as a proxy",
    controls: passed.element,
    blocked: () =>
      withoutSession(tenancy) ?? (passed.who() === "token" || tenancy.ownKey() ? undefined : "There is no key: create one in step 3."),
    run: async () => {
      const query = passed.wish() ? `?${new URLSearchParams({ permission: passed.wish() })}` : "";
      await tenancy.send("forward", "GET", `/auth/forward${query}`, { credential: passed.who() });
      tenancy.changed();
    },
    exchange: () => tenancy.exchanges["forward"],
    remark: passedOn,
  });
  passed.onchange = forward.update;
  return actionsStep(tenancy, {
    id: "ws-check",
    title: "Check each call",
    about: "Each call to the product's API is checked: by the product, or by the proxy in front of it.",
    actions: [verify, forward],
    done: () => Boolean(tenancy.exchanges["verify"] ?? tenancy.exchanges["forward"]),
  });
}

/** The credential to check, and the required permission. */
interface Question {
  element: HTMLElement;
  who: () => Credential;
  wish: () => string;
  onchange: () => void;
}

function question(name: string): Question {
  let who: Credential = "token";
  let wish = "";
  const made: Question = { element: h("div"), who: () => who, wish: () => wish, onchange: () => undefined };
  const credential = select({
    name: `${name}-credential`,
    label: name === "verify" ? "Received credential" : "Credential of the call",
    options: [["token", "the token"], ["key", "the key"]],
    change: (value) => {
      who = value === "key" ? "key" : "token";
      made.onchange();
    },
  });
  const permission = select({
    name: `${name}-permission`,
    label: "Required permission",
    options: WISHES,
    change: (value) => (wish = value),
  });
  made.element = h("div", { class: "grid two" }, credential.element, permission.element);
  return made;
}

function passedOn({ answer }: Exchange): HTMLElement | undefined {
  if (!answer) return undefined;
  const found = new Map(answer.headers.map(([name, value]) => [name.toLowerCase(), value]));
  const verdict = answer.status === 200 ? "The proxy passes the call on, with these headers replacing any that it had:" : "The proxy rejects the call.";
  return h(
    "div",
    { class: answer.status === 200 ? "note ok" : "note bad" },
    h("p", {}, verdict),
    answer.status === 200
      ? h("pre", {}, h("code", {}, HEADERS.map((name) => `${name}: ${found.get(name) ?? "(missing)"}`).join("\n")))
      : undefined,
  );
}
