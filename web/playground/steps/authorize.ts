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
  /** Its values are long: it takes a whole row. */
  wide?: boolean;
}

const BASIC: Parameter[] = [
  { name: "client_id", hint: "Which app asks." },
  { name: "response_type", hint: "“code” is the only one there is here." },
  { name: "redirect_uri", hint: "Where the answer goes: registered, byte for byte.", wide: true },
  { name: "scope", hint: "openid makes it OpenID Connect; offline_access asks for a refresh token.", wide: true, suggest: [
    "openid", "openid profile email", "openid profile email offline_access",
  ] },
];

const PROTECTION: Parameter[] = [
  { name: "state", hint: "Comes back unchanged: this answer belongs to this browser." },
  { name: "nonce", hint: "Comes back inside the id token: it was made for this request." },
  { name: "code_challenge_method", hint: "S256, or nothing without a challenge." },
  { name: "code_challenge", hint: "SHA-256 of the verifier, which only this page knows.", wide: true },
];

const OPTIONAL: Parameter[] = [
  { name: "prompt", hint: "What to ask even if it is not needed, or “none” for nothing at all.", suggest: [
    "login", "consent", "select_account", "create", "none", "login consent",
  ] },
  { name: "max_age", hint: "Seconds since the person last proved who they are.", suggest: ["0", "60", "3600"] },
  { name: "login_hint", hint: "Who is expected." },
  { name: "response_mode", hint: "How the answer travels.", options: [
    ["", "not sent (query)"], ["query", "query"], ["form_post", "form_post"],
  ] },
  { name: "resource", hint: "The API that the access token is for (RFC 8707); several, with spaces between.", suggest: ["https://api.example.org"] },
  { name: "claims", hint: "Single claims, as JSON.", suggest: ['{"userinfo":{"name":null}}', '{"id_token":{"auth_time":{"essential":true}}}'] },
  { name: "acr_values", hint: "How strong the sign-in should be.", suggest: ["1", "2"] },
  { name: "display", hint: "How the pages should look.", options: [
    ["", "not sent"], ["page", "page"], ["popup", "popup"], ["touch", "touch"], ["wap", "wap"],
  ] },
  { name: "ui_locales", hint: "Languages of the pages.", suggest: ["en", "de en"] },
  { name: "id_token_hint", hint: "An id token from before: who should be signed in." },
  { name: "bap_id", hint: "The identity to begin with." },
  { name: "provider", hint: "The way of signing in to begin with.", suggest: ["sigma"] },
];

/** The second step. */
export function authorizeStep(playground: Playground): Step {
  const fields = new Map<string, Field>();
  const preview = h("div", { class: "preview" });
  const verifier = field({
    name: "code_verifier",
    label: "code_verifier",
    hint: "Not sent now: it is shown with the code, in step 4.",
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
        h("fieldset", {}, h("legend", {}, "What is asked"), h("div", { class: "grid narrow" }, ...BASIC.map(control))),
        h(
          "fieldset",
          {},
          h("legend", {}, "What protects it"),
          h("div", { class: "grid narrow" }, ...PROTECTION.map(control), verifier.element),
          button("New values", async () => {
            await playground.renew();
            playground.changed();
          }, { class: "quiet" }),
        ),
        h("fieldset", {}, h("legend", {}, "What can be wished: whatever is left empty is not sent"), h("div", { class: "grid narrow" }, ...OPTIONAL.map(control))),
      ),
      preview,
    ),
    h(
      "div",
      { class: "actions" },
      h("button", { type: "submit", form: "authorize-form", class: "primary" }, "Go and sign in"),
      button("Leave out what protects it", () => {
        for (const { name } of PROTECTION) playground.state.parameters[name] = "";
        playground.changed();
      }, { class: "quiet" }),
    ),
  );

  return {
    id: "authorize",
    title: "Ask for a sign-in",
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
