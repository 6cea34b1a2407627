// Step 4: exchanging the code (RFC 6749 §4.1.3, RFC 7636 §4.5), and the resulting tokens.

import { button, h, replace } from "../dom.ts";
import { objectOf } from "../exchange.ts";
import { exchangeView } from "../exchange-view.ts";
import { field, type Field } from "../fields.ts";
import type { Playground, Step } from "../playground.ts";
import { secrets, type Tokens } from "../state.ts";
import { tokensView } from "../token-view.ts";

const NAMES = ["grant_type", "code", "redirect_uri", "code_verifier"] as const;

/** The fourth step. */
export function tokenStep(playground: Playground): Step {
  const waiting = h("p", { class: "muted" }, "Exchanges the code of step 3 for tokens.");
  const values: Record<string, string> = {};
  const fields = new Map<string, Field>(
    NAMES.map((name) => [name, field({ name: `token-${name}`, label: name, input: (value) => (values[name] = value) })]),
  );
  const secretNote = h("div");
  const outcome = h("div", { class: "stack", "aria-live": "polite" });
  const exchange = button("Exchange the code", redeem, { class: "primary" });
  const form = h(
    "div",
    { class: "stack" },
    h("div", { class: "grid narrow" }, ...[...fields.values()].map(({ element }) => element)),
    secretNote,
    h("div", { class: "actions" }, exchange),
  );
  const element = h("div", {}, waiting, form, outcome);
  let prepared: string | undefined;
  let updates = 0;

  async function redeem(): Promise<void> {
    exchange.disabled = true;
    await playground.discovered;
    const sent = NAMES.map((name): [string, string] => [name, values[name] ?? ""]).filter(([, value]) => value !== "");
    const { answer } = await playground.post("token", playground.endpoint("token_endpoint", "/api/auth/oauth2/token"), sent);
    exchange.disabled = false;
    if (answer?.status === 200) playground.state.tokens = objectOf(answer) as Tokens;
    playground.changed();
    outcome.querySelector<HTMLElement>(".exchange")?.scrollIntoView({ block: "nearest" });
  }

  return {
    id: "token",
    title: "Code for tokens",
    element,
    progress() {
      if (playground.state.tokens) return "done";
      return code(playground) === undefined ? "waiting" : "current";
    },
    async update() {
      const { state } = playground;
      const current = code(playground);
      waiting.hidden = current !== undefined;
      form.hidden = current === undefined;
      if (current !== undefined && prepared !== current) {
        prepared = current;
        Object.assign(values, {
          grant_type: "authorization_code",
          code: current,
          redirect_uri: state.sent?.["redirect_uri"] ?? "",
          code_verifier: state.sent && !state.sent["code_challenge"] ? "" : state.verifier,
        });
        for (const [name, made] of fields) made.set(values[name] ?? "");
      }
      const missing = state.app.auth !== "none" && secrets.value === "";
      replace(secretNote, missing && h(
        "p",
        { class: "note warn" },
        "The app’s secret is not kept across page loads: ",
        h("a", { href: "#app" }, "enter it again in step 1"),
        ".",
      ));
      const { token } = state.exchanges;
      const parts: Node[] = token ? [exchangeView(token)] : [];
      updates += 1;
      const update = updates;
      if (state.tokens) {
        // Without the server's keys no signature could be verified.
        await playground.discovered;
        parts.push(await tokensView(playground));
      }
      // A later update may have overtaken this one.
      if (update === updates) replace(outcome, ...parts);
    },
  };
}

function code(playground: Playground): string | undefined {
  return playground.state.callback?.parameters.find(([name]) => name === "code")?.[1];
}
