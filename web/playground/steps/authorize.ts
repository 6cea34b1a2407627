// Step 2: the authorization request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1, RFC 7636 §4.3).

import { button, copyButton, h, replace } from "../dom.ts";
import { challengeOf } from "../encoding.ts";
import { formLines, half } from "../exchange-view.ts";
import { field, select, type Field } from "../fields.ts";
import { REDIRECT_URI, type Playground, type Step } from "../playground.ts";
import { remember } from "../state.ts";

interface Parameter {
  name: string;
  hint: string;
  /** Fixed values to choose from; the first means "not sent". */
  options?: [string, string][];
  suggest?: string[];
  /** Takes a whole row, for long values. */
  wide?: boolean;
}

const BASIC: Parameter[] = [
  { name: "client_id", hint: "The requesting app." },
  { name: "response_type", hint: "Only “code” is supported." },
  { name: "redirect_uri", hint: "Where the response goes: exactly as registered.", wide: true },
  { name: "scope", hint: "openid makes it OpenID Connect; offline_access requests a refresh token.", wide: true, suggest: [
    "openid", "openid profile email", "openid profile email offline_access",
    "openid profile email sigma:profile sigma:backup",
  ] },
];

const PROTECTION: Parameter[] = [
  { name: "state", hint: "Returned unchanged: ties the response to this browser." },
  { name: "nonce", hint: "Returned in the ID token: ties it to this request." },
  { name: "code_challenge_method", hint: "S256, or empty without a challenge." },
  { name: "code_challenge", hint: "SHA-256 of the verifier, known only to this page.", wide: true },
];

const OPTIONAL: Parameter[] = [
  { name: "prompt", hint: "Pages to show in any case, or “none” for no page at all.", suggest: [
    "login", "consent", "select_account", "create", "none", "login consent",
  ] },
  { name: "max_age", hint: "Maximum seconds since the user last authenticated.", suggest: ["0", "60", "3600"] },
  { name: "login_hint", hint: "The expected user." },
  { name: "response_mode", hint: "How the response is delivered.", options: [
    ["", "not sent (query)"], ["query", "query"], ["form_post", "form_post"],
  ] },
  { name: "resource", hint: "The API that the access token is for (RFC 8707); separate several by spaces.", suggest: ["https://api.example.org"] },
  { name: "claims", hint: "Individual claims, as JSON.", suggest: ['{"userinfo":{"name":null}}', '{"id_token":{"auth_time":{"essential":true}}}'] },
  { name: "acr_values", hint: "Requested authentication strength.", suggest: ["1", "2"] },
  { name: "display", hint: "How the pages should be displayed.", options: [
    ["", "not sent"], ["page", "page"], ["popup", "popup"], ["touch", "touch"], ["wap", "wap"],
  ] },
  { name: "ui_locales", hint: "Languages of the pages.", suggest: ["en", "de en"] },
  { name: "id_token_hint", hint: "An earlier ID token: the user who should be signed in." },
  { name: "bap_id", hint: "The preselected identity." },
  { name: "provider", hint: "The preselected sign-in method.", suggest: ["sigma", "google", "github"] },
];

/** The second step. */
export function authorizeStep(playground: Playground): Step {
  const fields = new Map<string, Field>();
  const preview = h("div", { class: "preview" });
  const verifier = field({
    name: "code_verifier",
    label: "code_verifier",
    hint: "Not sent yet: it accompanies the code in step 4.",
    input: (value) => {
      playground.state.verifier = value;
      playground.renewed = challengeOf(value).then((challenge) => set("code_challenge", challenge));
    },
  });

  verifier.element.classList.add("whole");

  function set(name: string, value: string): void {
    playground.state.parameters[name] = value;
    fields.get(name)?.set(value);
    remember(playground.state);
    show();
  }

  function control({ name, hint, options, suggest, wide }: Parameter): HTMLElement {
    const made = options
      ? select({ name, label: name, hint, options, change: (value) => set(name, value) })
      : field({ name, label: name, hint, ...(suggest && { suggest }), input: (value) => set(name, value) });
    fields.set(name, made);
    if (wide) made.element.classList.add("whole");
    return made.element;
  }

  function url(): string {
    const query = new URLSearchParams(sent(playground.state.parameters));
    const endpoint = playground.endpoint("authorization_endpoint", "/oauth2/authorize");
    return `${endpoint}${endpoint.includes("?") ? "&" : "?"}${query}`;
  }

  function show(): void {
    const address = url();
    const [endpoint = "", query = ""] = address.split(/\?(.*)/s);
    replace(
      preview,
      half(
        "The request",
        [h("pre", {}, h("code", {}, h("span", { class: "method" }, "GET"), ` ${endpoint}`)), formLines(query)],
        copyButton("Copy address", url),
      ),
    );
  }

  async function go(): Promise<void> {
    await playground.renewed;
    const { state } = playground;
    playground.restart();
    state.sent = Object.fromEntries(sent(state.parameters));
    if (state.sent["nonce"]) state.nonce = state.sent["nonce"];
    playground.changed();
    location.assign(url());
  }

  const element = h(
    "div",
    {},
    h(
      "div",
      { class: "pair editor" },
      h(
        "form",
        {
          id: "authorize-form",
          autocomplete: "off",
          onsubmit: (event) => {
            event.preventDefault();
            void go();
          },
        },
        h("fieldset", {}, h("legend", {}, "Required"), h("div", { class: "grid narrow" }, ...BASIC.map(control))),
        h(
          "fieldset",
          {},
          h("legend", {}, "Protection"),
          h("div", { class: "grid narrow" }, ...PROTECTION.map(control), verifier.element),
          button("New values", async () => {
            await playground.renew();
            playground.changed();
          }, { class: "quiet" }),
        ),
        h("fieldset", {}, h("legend", {}, "Optional; empty parameters are not sent"), h("div", { class: "grid narrow" }, ...OPTIONAL.map(control))),
      ),
      preview,
    ),
    h(
      "div",
      { class: "actions" },
      h("button", { type: "submit", form: "authorize-form", class: "primary" }, "Sign in"),
      button("Clear protection", () => {
        for (const { name } of PROTECTION) playground.state.parameters[name] = "";
        playground.changed();
      }, { class: "quiet" }),
    ),
  );

  return {
    id: "authorize",
    title: "Authorization request",
    element,
    progress: () => (playground.state.callback ? "done" : playground.metadata ? "current" : "waiting"),
    update() {
      const { parameters } = playground.state;
      parameters["redirect_uri"] ??= REDIRECT_URI;
      for (const [name, made] of fields) made.set(parameters[name] ?? "");
      verifier.set(playground.state.verifier);
      show();
    },
  };
}

/** The parameters with a value; `resource` may repeat (RFC 8707 §2). */
function sent(parameters: Record<string, string>): [string, string][] {
  return Object.entries(parameters)
    .filter(([, value]) => value !== "")
    .flatMap(([name, value]): [string, string][] =>
      name === "resource" ? value.split(/\s+/).filter(Boolean).map((one) => [name, one]) : [[name, value]],
    );
}
