// Step 3: the response at the redirect URI (RFC 6749 §4.1.2, RFC 9207).

import { h, pre, replace, verdict } from "../dom.ts";
import { formLines, half } from "../exchange-view.ts";
import type { Playground, Step } from "../playground.ts";

/** The third step. */
export function callbackStep(playground: Playground): Step {
  const element = h("div");
  return {
    id: "callback",
    title: "Response",
    element,
    progress: () => (playground.state.callback ? "done" : playground.state.sent ? "current" : "waiting"),
    update() {
      const { callback } = playground.state;
      if (!callback) {
        return replace(element, h("p", { class: "muted" }, "The browser returns here with a code or an error."));
      }
      const { method, url, parameters } = callback;
      const received = new URLSearchParams(parameters).toString();
      replace(
        element,
        h(
          "div",
          { class: "pair" },
          half(method === "POST" ? "The browser posted" : "The browser requested", [
            pre(h("span", { class: "method" }, method), ` ${url}`),
            formLines(received),
          ]),
          half("Checks an app must make", [h("ul", { class: "verdicts" }, ...checks(playground))]),
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
    list.push(verdict("bad", `The server returned an error: ${error}${description ? ` (${description})` : ""}`));
  } else if (received.has("code")) {
    list.push(verdict("ok", "There is a code: valid for a single use within a minute"));
  } else {
    list.push(verdict("bad", "There is neither a code nor an error"));
  }
  if (!sent) {
    list.push(verdict("warn", "This tab sent no request, so there is nothing to compare the response with"));
    return list;
  }
  const state = received.get("state");
  list.push(
    (sent["state"] ?? "") === (state ?? "")
      ? verdict("ok", "state matches the request")
      : verdict("bad", `state is “${state ?? ""}”, but “${sent["state"] ?? ""}” was sent: refuse the answer`),
  );
  const iss = received.get("iss");
  if (iss === app.issuer) list.push(verdict("ok", "iss is the expected server (RFC 9207)"));
  else if (iss === undefined) list.push(verdict("warn", "iss is missing: a mix-up attack would go unnoticed"));
  else list.push(verdict("bad", `iss is ${iss}, but ${app.issuer} was asked: reject the response`));
  return list;
}
