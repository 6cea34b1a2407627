// The page: five steps below each other, a list of them beside it.

import { h, replace } from "./dom.ts";
import { Playground, type Demo, type Step } from "./playground.ts";
import { appStep } from "./steps/app.ts";
import { authorizeStep } from "./steps/authorize.ts";
import { callbackStep } from "./steps/callback.ts";
import { tokenStep } from "./steps/token.ts";
import { useStep } from "./steps/use.ts";

const response = await fetch("/demo.json", { cache: "no-store" });
const playground = new Playground((await response.json()) as Demo);
const arrived = arrive();

playground.steps = [appStep, authorizeStep, callbackStep, tokenStep, useStep].map((make) => make(playground));
const main = element("steps");
replace(main, ...playground.steps.map(frame));
if (!playground.state.verifier) await playground.renew();
playground.onchange = follow;
const discovered = playground.discover();
playground.changed();
await discovered;
if (arrived) {
  const section = element(arrived);
  section.scrollIntoView({ block: "start" });
  section.querySelector<HTMLElement>("h2")?.focus({ preventScroll: true });
}

/** Takes in what the browser brought back from the server, and cleans the address. Says which step it belongs to. */
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
  if (location.pathname === "/signed-out") {
    playground.restart();
    state.signedOut = location.search ? `${here}${location.search}` : here;
    history.replaceState(null, "", "/#use");
    return "use";
  }
  return undefined;
}

function frame(step: Step, index: number): HTMLElement {
  return h(
    "section",
    { class: "step", id: step.id, "aria-labelledby": `${step.id}-title` },
    h("h2", { id: `${step.id}-title`, tabindex: "-1" }, h("span", { class: "number", "aria-hidden": "true" }, String(index + 1)), step.title),
    step.element,
  );
}

/** Brings the list of steps and the server's state up to date. */
function follow(): void {
  const progress = playground.steps.map((step) => step.progress());
  const current = progress.lastIndexOf("current");
  const words = { done: "done", current: "to do", waiting: "later" };
  replace(
    element("nav"),
    ...playground.steps.map((step, index) => {
      const state = progress[index] ?? "waiting";
      element(step.id).dataset["progress"] = state;
      return h(
        "li",
        { class: state },
        h(
          "a",
          { href: `#${step.id}`, "aria-current": index === current ? "step" : undefined },
          h("span", { class: "number", "aria-hidden": "true" }, state === "done" ? "✓" : String(index + 1)),
          h("span", {}, step.title, h("span", { class: "hidden" }, ` (${words[state]})`)),
        ),
      );
    }),
  );
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
