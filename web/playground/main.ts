// The page: a choice of flows, the steps of the current one, and a list of them.

import { h, replace } from "./dom.ts";
import { flow, type Flow } from "./flow.ts";
import { Badges } from "./merits/badges.ts";
import { endStep, loginStep, orgStep, readStep, sendStep } from "./merits/steps.ts";
import { Playground, type Demo } from "./playground.ts";
import { accountStep } from "./steps/account.ts";
import { appStep } from "./steps/app.ts";
import { authorizeStep } from "./steps/authorize.ts";
import { callbackStep } from "./steps/callback.ts";
import { tokenStep } from "./steps/token.ts";
import { useStep } from "./steps/use.ts";
import { checkStep } from "./workspace/check.ts";
import { keyStep } from "./workspace/key.ts";
import { logInStep } from "./workspace/log-in.ts";
import { logOutStep } from "./workspace/log-out.ts";
import { roleStep } from "./workspace/role.ts";
import { Tenancy } from "./workspace/tenancy.ts";
import { tokenStep as workspaceTokenStep } from "./workspace/token.ts";

const response = await fetch("/demo.json", { cache: "no-store" });
const demo = (await response.json()) as Demo;
const playground = new Playground(demo);
const tenancy = new Tenancy(demo);
const badges = new Badges(demo);
const arrived = arrive();

playground.steps = [appStep, authorizeStep, callbackStep, tokenStep, useStep, accountStep].map((make) => make(playground));
tenancy.steps = [logInStep, workspaceTokenStep, keyStep, checkStep, roleStep, logOutStep].map((make) => make(tenancy));
badges.steps = [orgStep, loginStep, sendStep, readStep, endStep].map((make) => make(badges));
const flows: Flow[] = [
  flow("sign-in", "Sign-in for apps", playground.steps),
  flow("workspaces", "Workspaces", tenancy.steps),
  flow("merits", "Merits", badges.steps),
];
let shown = flows[0];
replace(element("steps"), ...flows.map(({ element }) => element));
show();
addEventListener("hashchange", show);

if (!playground.state.verifier) await playground.renew();
playground.onchange = follow;
tenancy.onchange = follow;
badges.onchange = follow;
const discovered = Promise.all([playground.discover(), tenancy.discover()]);
playground.changed();
tenancy.changed();
badges.changed();
await discovered;
if (arrived) {
  const section = element(arrived);
  section.scrollIntoView({ block: "start" });
  section.querySelector<HTMLElement>("h2")?.focus({ preventScroll: true });
}

/** Reads the server's response from the address, and cleans the address. Returns the step that it belongs to. */
function arrive(): string | undefined {
  const { state } = playground;
  const posted = document.querySelector<HTMLMetaElement>('meta[name="form-post"]')?.content;
  const query = posted ?? location.search.slice(1);
  const here = `${location.origin}${location.pathname}`;
  if (location.pathname === "/callback" && query) {
    const { verifier } = state;
    const { sent } = state;
    const nonce = state.nonce;
    playground.restart();
    Object.assign(state, { verifier, ...(sent && { sent }), ...(nonce && { nonce }) });
    state.callback = {
      method: posted === undefined ? "GET" : "POST",
      url: here,
      parameters: [...new URLSearchParams(query).entries()],
    };
    history.replaceState(null, "", "/#callback");
    return "callback";
  }
  if (location.pathname.startsWith("/merits/")) {
    badges.arrive(here, query);
    history.replaceState(null, "", "/#merits-login");
    return "merits-login";
  }
  if (location.pathname === "/signed-out") {
    playground.restart();
    state.signedOut = location.search ? `${here}${location.search}` : here;
    history.replaceState(null, "", "/#use");
    return "use";
  }
  return undefined;
}

/** Shows the flow that the address names, itself or one of its steps. */
function show(): void {
  const id = location.hash.slice(1);
  shown = flows.find((one) => one.id === id || one.steps.some((step) => step.id === id)) ?? shown;
  follow();
}

/** Updates the list of steps and the server's state. */
function follow(): void {
  replace(
    element("flows"),
    ...flows.map((one) =>
      h("li", {}, h("a", { href: `#${one.id}`, "aria-current": one === shown ? "true" : undefined }, one.title)),
    ),
  );
  for (const one of flows) one.element.hidden = one !== shown;
  replace(element("nav"), ...(shown?.list() ?? []));
  const server = element("server");
  const known = playground.metadata !== undefined;
  const tried = playground.state.exchanges["discovery"] !== undefined;
  const host = playground.state.app.issuer.replace(/^https?:\/\//, "");
  server.className = `server ${known ? "ok" : tried ? "bad" : ""}`;
  server.textContent = known ? `${host} answers` : tried ? `${host} does not answer` : `asking ${host} …`;
}

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}
