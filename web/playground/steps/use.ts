// Step 5: uses of tokens, and how they end.

import { actionView, titled, type Action, type ActionView } from "../action.ts";
import { button, h, replace } from "../dom.ts";
import { objectOf, send, type Request } from "../exchange.ts";
import { formLines, half } from "../exchange-view.ts";
import { select } from "../fields.ts";
import { random } from "../encoding.ts";
import { SIGNED_OUT_URI, type Playground, type Step } from "../playground.ts";
import { remember, type Tokens } from "../state.ts";

/** A use of the tokens. */
interface UseAction extends Omit<Action, "exchange"> {
  kind: string;
}

/** The fifth step. */
export function useStep(playground: Playground): Step {
  const waiting = h("p", { class: "muted" }, "With tokens, the app can request the user’s claims, refresh, revoke and sign out.");
  const actions = [userinfo(playground), refresh(playground), introspect(playground), revoke(playground)].map((action) =>
    section(playground, action),
  );
  const signOut = endSession(playground);
  const list = h("div", {}, ...actions.map(({ element }) => element), signOut.element);
  return {
    id: "use",
    title: "Use and revoke tokens",
    element: h("div", {}, waiting, list),
    progress: () => (playground.state.signedOut ? "done" : playground.state.tokens ? "current" : "waiting"),
    update() {
      const { tokens, signedOut } = playground.state;
      waiting.hidden = tokens !== undefined || signedOut !== undefined;
      list.hidden = tokens === undefined && signedOut === undefined;
      for (const { element } of actions) element.hidden = tokens === undefined;
      for (const { update } of [...actions, signOut]) update();
    },
  };
}

function section(playground: Playground, action: UseAction): ActionView {
  return actionView({
    ...action,
    blocked: () => (playground.state.tokens ? action.blocked?.() : "There are no tokens."),
    run: async () => {
      await playground.discovered;
      await action.run();
      playground.changed();
    },
    exchange: () => playground.state.exchanges[action.kind],
  });
}

function userinfo(playground: Playground): UseAction {
  return {
    kind: "userinfo",
    title: "Userinfo",
    about: "The user’s claims, by access token (OpenID Connect Core §5.3).",
    label: "Request userinfo",
    run: async () => {
      const { tokens, app } = playground.state;
      const request: Request = {
        method: "GET",
        url: playground.endpoint("userinfo_endpoint", "/api/auth/oauth2/userinfo"),
        headers: [["Authorization", `Bearer ${tokens?.access_token ?? ""}`], ["Accept", "application/json"]],
      };
      playground.state.exchanges["userinfo"] = await send(request, app.via);
    },
  };
}

function refresh(playground: Playground): UseAction {
  return {
    kind: "refresh",
    title: "Refresh",
    about: "New tokens without the user (RFC 6749 §6). Step 4 shows them; the old refresh token is used up.",
    label: "Refresh the tokens",
    blocked: () => (playground.state.tokens?.refresh_token ? undefined : "There is no refresh token."),
    run: async () => {
      const { state } = playground;
      const { answer } = await playground.post("refresh", playground.endpoint("token_endpoint", "/api/auth/oauth2/token"), [
        ["grant_type", "refresh_token"],
        ["refresh_token", state.tokens?.refresh_token ?? ""],
      ]);
      if (answer?.status === 200) state.tokens = { ...state.tokens, ...(objectOf(answer) as Tokens) };
    },
  };
}

/** The token that an action applies to. */
function chooser(name: string): { element: HTMLElement; value: () => "access_token" | "refresh_token" } {
  let chosen: "access_token" | "refresh_token" = "access_token";
  const { element } = select({
    name,
    label: "Which token",
    options: [["access_token", "access token"], ["refresh_token", "refresh token"]],
    change: (value) => (chosen = value === "refresh_token" ? value : "access_token"),
  });
  return { element: h("div", { class: "grid" }, element), value: () => chosen };
}

function introspect(playground: Playground): UseAction {
  const which = chooser("introspect-token");
  return {
    kind: "introspect",
    title: "Introspect",
    about: "Whether a token is active, and its claims. For confidential apps (RFC 7662).",
    label: "Introspect",
    controls: which.element,
    blocked: () => (playground.state.app.auth === "none" ? "Public apps cannot introspect: choose one with a secret or key." : undefined),
    run: async () => {
      const url = playground.endpoint("introspection_endpoint", "/api/auth/oauth2/introspect");
      await playground.post("introspect", url, tokenFields(playground, which.value()));
    },
  };
}

function revoke(playground: Playground): UseAction {
  const which = chooser("revoke-token");
  return {
    kind: "revoke",
    title: "Revoke",
    about: "Ends a token (RFC 7009). Request userinfo afterwards: it is refused.",
    label: "Revoke",
    controls: which.element,
    run: async () => {
      const url = playground.endpoint("revocation_endpoint", "/api/auth/oauth2/revoke");
      await playground.post("revoke", url, tokenFields(playground, which.value()));
    },
  };
}

function tokenFields(playground: Playground, which: "access_token" | "refresh_token"): [string, string][] {
  return [["token", playground.state.tokens?.[which] ?? ""], ["token_type_hint", which]];
}

/** Sign-out goes through the browser, like sign-in (RP-Initiated Logout §2). */
function endSession(playground: Playground): ActionView {
  const preview = h("div");
  const came = h("div");
  const state = random(8);

  function fields(): [string, string][] {
    const { tokens, app } = playground.state;
    const hint: [string, string][] = tokens?.id_token ? [["id_token_hint", tokens.id_token]] : [];
    return [...hint, ["client_id", app.clientId], ["post_logout_redirect_uri", SIGNED_OUT_URI], ["state", state]];
  }

  const go = button("Sign out", () => {
    const endpoint = playground.endpoint("end_session_endpoint", "/api/auth/oauth2/end-session");
    remember(playground.state);
    location.assign(`${endpoint}?${new URLSearchParams(fields())}`);
  });
  const element = titled(
    "Sign out",
    "Redirects the browser to the server, which ends the session and redirects back (RP-Initiated Logout).",
    preview,
    h("div", { class: "actions" }, go),
    came,
  );
  return {
    element,
    update() {
      const { signedOut, tokens } = playground.state;
      go.hidden = tokens === undefined;
      const endpoint = playground.endpoint("end_session_endpoint", "/api/auth/oauth2/end-session");
      const address = h("pre", {}, h("code", {}, h("span", { class: "method" }, "GET"), ` ${endpoint}`));
      const lines = [address, formLines(new URLSearchParams(fields()).toString())];
      replace(preview, tokens && h("details", {}, h("summary", {}, "The request"), half("Request", lines)));
      replace(came, signedOut !== undefined && h(
        "p",
        { class: "note ok" },
        `Signed out: the browser returned to ${signedOut}. `,
        h("a", { href: "#authorize" }, "Sign in again"),
      ));
    },
  };
}
