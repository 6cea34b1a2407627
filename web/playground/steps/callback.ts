// Step 3: the answer at the redirect URI (RFC 6749 §4.1.2, RFC 9207).

import { h, pre, replace, verdict } from "../dom.ts";
import { formLines, half } from "../exchange-view.ts";
import type { Playground, Step } from "../playground.ts";

/** The third step. */
export function callbackStep(playground: Playground): Step {
  const element = h("div");
  return {
    id: "callback",
    title: "The answer",
    element,
    progress: () => (playground.state.callback ? "done" : playground.state.sent ? "current" : "waiting"),
    update() {
      const { callback } = playground.state;
      if (!callback) {
        return replace(element, h("p", { class: "muted" }, "The browser comes back here with a code, or with an error."));
      }
      const { method, url, parameters } = callback;
      const received = new URLSearchParams(parameters).toString();
      replace(
        element,
        h(
          "div",
          { class: "pair" },
          half(method === "POST" ? "The browser posted" : "The browser came to", [
            pre(h("span", { class: "method" }, method), ` ${url}`),
            formLines(received),
          ]),
          half("What an app must check", [h("ul", { class: "verdicts" }, ...checks(playground))]),
        ),
      );
    },
  };
}

function checks(playground: Playground): HTMLLIElement[] {
  const { sent, callback, app } = playground.state;
  const received = new Map(callback?.parameters);
  const list: HTMLLIElement[] = [];
  const error = received.get("error");
  if (error !== undefined) {
    const description = received.get("error_description");
    list.push(verdict("bad", `The server refused: ${error}${description ? ` (${description})` : ""}`));
  } else if (received.has("code")) {
    list.push(verdict("ok", "There is a code: it can be used once, within a minute"));
  } else {
    list.push(verdict("bad", "There is neither a code nor an error"));
  }
  if (!sent) {
    list.push(verdict("warn", "This tab has asked for nothing, so there is nothing to compare the answer with"));
    return list;
  }
  const state = received.get("state");
  list.push(
    (sent["state"] ?? "") === (state ?? "")
      ? verdict("ok", "state is the one that was sent")
      : verdict("bad", `state is “${state ?? ""}”, but “${sent["state"] ?? ""}” was sent: refuse the answer`),
  );
  const iss = received.get("iss");
  if (iss === app.issuer) list.push(verdict("ok", "iss is the server that was asked (RFC 9207)"));
  else if (iss === undefined) list.push(verdict("warn", "iss is missing: a mix-up of servers would go unnoticed"));
  else list.push(verdict("bad", `iss is ${iss}, but ${app.issuer} was asked: refuse the answer`));
  return list;
}
