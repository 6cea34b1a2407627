// Step 6: the user's account: what an app may see and change of it, and how strongly the user proved who they are.

import { actionView, titled, type ActionView } from "../action.ts";
import { button, h } from "../dom.ts";
import { objectOf, send, type Request } from "../exchange.ts";
import { field } from "../fields.ts";
import type { Playground, Step } from "../playground.ts";
import { remember } from "../state.ts";

/** The sixth step. */
export function accountStep(playground: Playground): Step {
  const waiting = h("p", { class: "muted" }, "With tokens, the app can use the parts of the account that the user agreed to.");
  const calls = [profile(playground), description(playground), backup(playground)];
  const list = h("div", {}, ...calls.map(({ element }) => element));
  const kinds = ["profile", "description", "backup"];
  return {
    id: "account",
    title: "The user’s account",
    element: h("div", {}, ways(playground), waiting, list, own(playground)),
    progress() {
      if (kinds.some((kind) => playground.state.exchanges[kind])) return "done";
      return playground.state.tokens ? "current" : "waiting";
    },
    update() {
      const { tokens } = playground.state;
      waiting.hidden = tokens !== undefined;
      list.hidden = tokens === undefined;
      for (const { update } of calls) update();
    },
  };
}

/** Authorization requests that ask for more: the answer arrives in step 3 as ever. */
function ways(playground: Playground): HTMLElement {
  const again = async (change: Record<string, string>): Promise<void> => {
    await playground.renew();
    Object.assign(playground.state.parameters, { prompt: "", acr_values: "", provider: "" }, change);
    const { state } = playground;
    playground.restart();
    const sent = Object.entries(state.parameters).filter(([, value]) => value !== "");
    state.sent = Object.fromEntries(sent);
    if (state.sent["nonce"]) state.nonce = state.sent["nonce"];
    remember(state);
    location.assign(`${playground.endpoint("authorization_endpoint", "/oauth2/authorize")}?${new URLSearchParams(sent)}`);
  };
  return h(
    "div",
    {},
    titled(
      "Step up",
      "Asks for two factors (acr_values=2), as an app does before a payment. The ID token then says acr 2. Without a second factor, the server offers to add one.",
      h("div", { class: "actions" }, button("Ask for two factors", () => again({ acr_values: "2" }))),
    ),
    titled(
      "A provider",
      "Goes to Google or GitHub at once (provider=…). The demo plays both; an account there signs in to an account here.",
      h(
        "div",
        { class: "actions" },
        button("Sign in with Google", () => again({ provider: "google" })),
        button("Sign in with GitHub", () => again({ provider: "github" })),
      ),
    ),
  );
}

function profile(playground: Playground): ActionView {
  return call(playground, {
    kind: "profile",
    title: "Profile",
    about: "The profile of the identity that the user chose. Needs openid and profile.",
    label: "Read the profile",
    request: () => ({ method: "GET", path: "/api/profile" }),
  });
}

function description(playground: Playground): ActionView {
  let text = "Met in the Playground";
  const typed = field({ name: "description", label: "Description", input: (value) => (text = value) });
  typed.set(text);
  return call(playground, {
    kind: "description",
    title: "Change the profile",
    about: "Needs the scope sigma:profile: add it in step 2 and sign in again.",
    label: "Change the description",
    controls: h("div", { class: "grid" }, typed.element),
    scope: "sigma:profile",
    request: () => ({ method: "PUT", path: "/api/profile", body: JSON.stringify({ description: text }) }),
  });
}

function backup(playground: Playground): ActionView {
  return call(playground, {
    kind: "backup",
    title: "Backup",
    about: "Whether an encrypted backup of the user’s key is stored; apps never see the backup. Needs the scope sigma:backup.",
    label: "Ask for the status",
    scope: "sigma:backup",
    request: () => ({ method: "GET", path: "/api/backup/status" }),
  });
}

/** Pages of the user alone. */
function own(playground: Playground): HTMLElement {
  const link = (path: string, words: string): HTMLElement =>
    h("li", {}, h("a", { href: `${playground.state.app.issuer}${path}` }, words));
  return titled(
    "For the user alone",
    "No app takes part in these pages.",
    h(
      "ul",
      {},
      link("/account", "The account: credentials, second factors, backups, apps with access"),
      link("/oauth-restore", "A new device: bring a key back from its backup"),
    ),
  );
}

/** A call to one of the server's own APIs with the access token. */
interface Call {
  kind: string;
  title: string;
  about: string;
  label: string;
  controls?: HTMLElement;
  /** What the token needs besides openid and profile. */
  scope?: string;
  request: () => { method: Request["method"]; path: string; body?: string };
}

function call(playground: Playground, made: Call): ActionView {
  return actionView({
    title: made.title,
    about: made.about,
    label: made.label,
    ...(made.controls && { controls: made.controls }),
    blocked: () => {
      const granted = playground.state.tokens?.scope?.split(" ") ?? [];
      return made.scope && !granted.includes(made.scope) ? `The token lacks the scope ${made.scope}.` : undefined;
    },
    run: async () => {
      const { method, path, body } = made.request();
      const request: Request = {
        method,
        url: `${playground.state.app.issuer}${path}`,
        headers: [
          ["Authorization", `Bearer ${playground.state.tokens?.access_token ?? ""}`],
          ["Accept", "application/json"],
          ...(body === undefined ? [] : [["Content-Type", "application/json"] as [string, string]]),
        ],
        ...(body === undefined ? {} : { body }),
      };
      // As the app's own server would.
      playground.state.exchanges[made.kind] = await send(request, "server");
      playground.changed();
    },
    exchange: () => playground.state.exchanges[made.kind],
    remark: ({ answer }) => {
      const words = answer && objectOf(answer)?.["error_description"];
      return typeof words === "string" ? h("p", { class: "note warn" }, words) : undefined;
    },
  });
}
