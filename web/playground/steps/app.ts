// Step 1: the server, the app, and its authentication.

import { button, copyButton, h, replace } from "../dom.ts";
import { exchangeView } from "../exchange-view.ts";
import { field, select, type Field } from "../fields.ts";
import { generate } from "../jwt.ts";
import { REDIRECT_URI, SIGNED_OUT_URI, type Playground, type Step } from "../playground.ts";
import { AUTH_METHODS, secrets, type AuthMethod } from "../state.ts";

/** Label and format of the secret, by method. */
const SECRET: Record<AuthMethod, { label: string; hint: string } | undefined> = {
  none: undefined,
  client_secret_basic: { label: "Client secret", hint: "Kept in memory only; enter it again after reloading the page." },
  client_secret_post: { label: "Client secret", hint: "Kept in memory only; enter it again after reloading the page." },
  private_key_jwt: { label: "Private key (JWK)", hint: "JSON of an RSA, P-256 or Ed25519 key. Kept in memory only." },
  sigma_bitcoin_auth: { label: "Private key (WIF)", hint: "The app’s registered key. Kept in memory only." },
};

/** The first step. */
export function appStep(playground: Playground): Step {
  const picker = h("div", { class: "choices", role: "group", "aria-label": "Apps of this demo" });
  const issuer = field({
    name: "issuer",
    label: "Issuer",
    hint: "The server’s origin, as in discovery and tokens.",
    change: (value) => {
      void playground.switchApp({ issuer: value.trim().replace(/\/+$/, "") }).then(() => playground.discover());
    },
  });
  const clientId = field({
    name: "app-client-id",
    label: "Client id",
    change: (value) => void playground.switchApp({ clientId: value.trim() }),
  });
  const auth = select({
    name: "auth",
    label: "Client authentication",
    hint: "The app’s registered method.",
    options: AUTH_METHODS.map((method) => [method, method === "none" ? "none (public app, PKCE only)" : method]),
    change: (value) => void setAuth(value as AuthMethod),
  });
  const via = select({
    name: "via",
    label: "Requests are sent by",
    hint: "Public apps run in browsers; apps with a secret have a server of their own.",
    options: [["browser", "this browser (subject to CORS)"], ["server", "the Playground’s server"]],
    change: (value) => {
      playground.state.app.via = value === "server" ? "server" : "browser";
      playground.changed();
      if (!playground.metadata) void playground.discover();
    },
  });
  const secretPlace = h("div", { class: "wide" });
  const help = h("div");
  const exchanges = h("div");
  let shownAuth: AuthMethod | undefined;
  let secretField: Field | undefined;

  async function setAuth(method: AuthMethod): Promise<void> {
    playground.state.app.auth = method;
    playground.state.app.via = method === "none" ? "browser" : "server";
    playground.useDemoSecret();
    playground.changed();
  }

  function showSecret(): void {
    const method = playground.state.app.auth;
    const kind = SECRET[method];
    shownAuth = method;
    secretField = kind && field({
      name: "secret",
      label: kind.label,
      hint: kind.hint,
      type: method === "private_key_jwt" ? "textarea" : "password",
      change: (value) => {
        secrets.value = value.trim();
        playground.changed();
      },
    });
    if (!secretField) return replace(secretPlace);
    // Browsers expect a password inside a form; this one goes nowhere.
    const form = h("form", { onsubmit: (event) => event.preventDefault() }, secretField.element);
    replace(secretPlace, form, method === "private_key_jwt" && keyMaker());
  }

  function keyMaker(): HTMLElement {
    const place = h("div", { class: "note" });
    const make = button("Generate a key", async () => {
      const { privateJwk, publicJwks } = await generate();
      secrets.value = privateJwk;
      secretField?.set(privateJwk);
      const command = `${playground.admin()} app set ${playground.state.app.clientId || "CLIENT_ID"} --auth private_key_jwt --jwks '${publicJwks}'`;
      replace(
        place,
        h("p", {}, "Register its public key, then sign in:"),
        h("pre", {}, h("code", {}, command)),
        copyButton("Copy the command", () => command),
      );
    });
    place.append(make);
    return place;
  }

  const restart = button("Start over", () => playground.reset(), { class: "quiet" });
  const element = h(
    "div",
    {},
    picker,
    h("div", { class: "grid broad" }, issuer.element, clientId.element, auth.element, via.element, secretPlace),
    help,
    exchanges,
    h("div", { class: "actions" }, restart),
  );

  return {
    id: "app",
    title: "The app",
    element,
    progress: () => (playground.state.app.clientId && playground.metadata ? "done" : "current"),
    update() {
      const { app } = playground.state;
      const chosen = playground.demoApp();
      const focused = picker.contains(document.activeElement) ? document.activeElement?.getAttribute("data-app") : null;
      replace(picker, ...playground.demo.apps.map((demoApp) =>
        h(
          "button",
          {
            type: "button",
            class: "choice",
            "data-app": demoApp.client_id,
            "aria-pressed": demoApp === chosen ? "true" : "false",
            onclick: () => {
              const { client_id: id, auth: method } = demoApp;
              const moved = app.issuer !== playground.demo.issuer;
              void playground
                .switchApp({
                  issuer: playground.demo.issuer,
                  clientId: id,
                  auth: method,
                  via: method === "none" ? "browser" : "server",
                })
                .then(() => (moved ? playground.discover() : undefined));
            },
          },
          h("strong", {}, demoApp.name),
          h("span", {}, demoApp.about),
        ),
      ));
      if (focused) picker.querySelector<HTMLElement>(`[data-app="${CSS.escape(focused)}"]`)?.focus();
      issuer.set(app.issuer);
      clientId.set(app.clientId);
      auth.set(app.auth);
      via.set(app.via);
      if (shownAuth !== app.auth) showSecret();
      secretField?.set(secrets.value);
      replace(help, !chosen && registration(playground));
      const { discovery, jwks } = playground.state.exchanges;
      replace(
        exchanges,
        discovery && h("details", {}, h("summary", {}, "Discovery: the server’s metadata"), exchangeView(discovery)),
        jwks && h("details", {}, h("summary", {}, "Key set: the keys that verify its tokens"), exchangeView(jwks)),
      );
    },
  };
}

/** How to register an app for use here. */
function registration(playground: Playground): HTMLElement {
  const command = [
    `${playground.admin()} app add --name 'My app'`,
    `--auth ${playground.state.app.auth}`,
    `--redirect-uri ${REDIRECT_URI}`,
    `--post-logout-redirect-uri ${SIGNED_OUT_URI}`,
  ].join(" \\\n  ");
  return h(
    "div",
    { class: "note" },
    h("p", {}, "You can use any app with this page’s addresses registered:"),
    h("pre", {}, h("code", {}, command)),
    copyButton("Copy", () => command),
  );
}
