// Access token and ID token side by side: raw, decoded, and checked as an app must check them.

import { copyButton, h, json, verdict } from "./dom.ts";
import { half } from "./exchange-view.ts";
import { decode, halfHash, verify, type Jwt } from "./jwt.ts";
import type { Playground } from "./playground.ts";

/** Both tokens, and the refresh token if there is one. */
export async function tokensView(playground: Playground): Promise<HTMLElement> {
  const { tokens } = playground.state;
  const { access_token: access, id_token: id, refresh_token: refresh } = tokens ?? {};
  return h(
    "div",
    { class: "tokens" },
    h(
      "div",
      { class: "pair" },
      access ? await tokenHalf(playground, "Access token", access, accessChecks) : missing("Access token", "There is none."),
      id ? await tokenHalf(playground, "ID token", id, idChecks) : missing("ID token", "None: openid was not granted."),
    ),
    refresh
      ? h("div", { class: "pair single" }, half(
          "Refresh token",
          [h("pre", {}, h("code", {}, refresh)), h("p", { class: "hint" }, "Opaque to the app, which only sends it back, in step 5.")],
          copyButton("Copy", () => refresh),
        ))
      : h("p", { class: "hint" }, "No refresh token: request the scope offline_access to get one."),
  );
}

type Checks = (playground: Playground, jwt: Jwt) => HTMLLIElement[] | Promise<HTMLLIElement[]>;

async function tokenHalf(playground: Playground, title: string, token: string, checks: Checks): Promise<HTMLElement> {
  const jwt = decode(token);
  const copy = copyButton("Copy", () => token);
  if (!jwt) {
    const content = [h("pre", {}, h("code", {}, token)), h("p", { class: "hint" }, "Opaque: only the server can read it.")];
    return half(title, content, copy);
  }
  const signature = await verify(jwt, playground.keys);
  const [head = "", body = "", tail = ""] = token.split(".");
  return half(
    title,
    [
      h(
        "ul",
        { class: "verdicts" },
        verdict(signature.valid ? "ok" : "bad", signature.text),
        ...(await checks(playground, jwt)),
      ),
      h("h5", {}, "Header"),
      json(jwt.header),
      h("h5", {}, "Claims"),
      json(jwt.claims),
      times(jwt.claims),
      h(
        "details",
        {},
        h("summary", {}, "Raw"),
        h("pre", {}, h("code", {},
          h("span", { class: "jwt-head" }, head), ".", h("span", { class: "jwt-body" }, body), ".", h("span", { class: "jwt-tail" }, tail),
        )),
      ),
    ],
    copy,
  );
}

function missing(title: string, text: string): HTMLElement {
  return half(title, [h("p", { class: "muted" }, text)]);
}

function accessChecks(playground: Playground, { header, claims }: Jwt): HTMLLIElement[] {
  const { issuer } = playground.state.app;
  const audience = [claims["aud"]].flat().map(String);
  return [
    header["typ"] === "at+jwt"
      ? verdict("ok", "typ is at+jwt (RFC 9068): it cannot be mistaken for an ID token")
      : verdict("warn", `typ is ${String(header["typ"])}; RFC 9068 says at+jwt`),
    equal("iss", claims["iss"], issuer),
    verdict("ok", `aud: for ${audience.join(" and ")}`),
    alive(claims),
  ];
}

async function idChecks(playground: Playground, { claims }: Jwt): Promise<HTMLLIElement[]> {
  const { app, nonce, tokens } = playground.state;
  const audience = [claims["aud"]].flat().map(String);
  const list = [
    equal("iss", claims["iss"], app.issuer),
    audience.includes(app.clientId)
      ? verdict("ok", "aud is this app")
      : verdict("bad", `aud is ${audience.join(", ")}, not ${app.clientId}: refuse it`),
  ];
  // A refresh need not repeat the nonce (Core §12.2).
  if (nonce !== undefined && (claims["nonce"] !== undefined || !playground.state.exchanges["refresh"])) {
    list.push(equal("nonce", claims["nonce"], nonce));
  }
  if (typeof claims["at_hash"] === "string" && tokens?.access_token) {
    list.push(
      claims["at_hash"] === (await halfHash(tokens.access_token))
        ? verdict("ok", "at_hash matches the access token")
        : verdict("bad", "at_hash does not match the access token"),
    );
  }
  list.push(alive(claims));
  return list;
}

function equal(name: string, found: unknown, expected: string): HTMLLIElement {
  return found === expected
    ? verdict("ok", `${name} is as expected`)
    : verdict("bad", `${name} is “${String(found)}”, but must be “${expected}”: refuse it`);
}

/** Whether the token is still valid. */
export function alive(claims: Record<string, unknown>): HTMLLIElement {
  const exp = claims["exp"];
  if (typeof exp !== "number") return verdict("bad", "exp is missing");
  return exp * 1000 > Date.now() ? verdict("ok", `valid for ${span(exp)}`) : verdict("bad", `expired ${span(exp)} ago`);
}

/** The claims that are times, as dates. */
export function times(claims: Record<string, unknown>): HTMLElement {
  const entries = ["auth_time", "iat", "nbf", "exp"].flatMap((name) => {
    const seconds = claims[name];
    if (typeof seconds !== "number") return [];
    const date = new Date(seconds * 1000);
    const moment = seconds * 1000 > Date.now() ? `in ${span(seconds)}` : `${span(seconds)} ago`;
    return [h("dt", {}, name), h("dd", {}, h("time", { datetime: date.toISOString() }, `${date.toLocaleString()}, ${moment}`))];
  });
  return h("dl", { class: "times" }, ...entries);
}

/** The distance of a time from now, in its largest unit. */
function span(seconds: number): string {
  const distance = Math.abs(seconds - Date.now() / 1000);
  const units: [number, string][] = [[86_400, "day"], [3_600, "hour"], [60, "minute"], [1, "second"]];
  const [size, name] = units.find(([length]) => distance >= length) ?? [1, "second"];
  const count = Math.round(distance / size);
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}
