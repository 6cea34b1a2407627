// A request next to its response.

import { copyButton, h, json, pre, shortened } from "./dom.ts";
import { curl, objectOf, type Exchange, type Request } from "./exchange.ts";

/** The card of one exchange. */
export function exchangeView(exchange: Exchange): HTMLElement {
  const { request, answer, failure } = exchange;
  const outcome = answer ? `${answer.status} ${answer.statusText || reason(answer.status)}` : "No response";
  const kind = answer && answer.status < 400 ? "ok" : "bad";
  const sender = exchange.via === "browser" ? "sent by this browser" : "sent by the Playground’s server";
  return h(
    "div",
    { class: "exchange" },
    h(
      "div",
      { class: "exchange-head" },
      h("span", { class: `badge ${kind}` }, outcome),
      h("span", { class: "muted" }, `${exchange.millis} ms, ${sender}`),
    ),
    h(
      "div",
      { class: "pair" },
      half("Request", requestLines(request), copyButton("Copy as curl", () => curl(request))),
      half(
        "Answer",
        failure ? [h("p", { class: "note bad" }, failure)] : answerLines(exchange),
        answer ? copyButton("Copy body", () => answer.body) : undefined,
      ),
    ),
  );
}

/** One half of a pair: a title with its button, and the content below. */
export function half(title: string, content: Node[], action?: HTMLElement): HTMLElement {
  return h("div", { class: "half" }, h("div", { class: "half-head" }, h("h4", {}, title), action), ...content);
}

/** Request line, headers and body. */
export function requestLines(request: Request): Node[] {
  const blocks = [pre(h("span", { class: "method" }, request.method), ` ${request.url}`), headerLines(request.headers)];
  if (request.body !== undefined) blocks.push(bodyLines(request));
  return blocks.filter((block) => block !== undefined);
}

function bodyLines({ headers, body = "" }: Request): HTMLElement {
  const isJson = headers.some(([name, value]) => name === "Content-Type" && value === "application/json");
  return isJson ? json(JSON.parse(body)) : formLines(body);
}

/** A form or query, one parameter per line, decoded: it is sent percent-encoded. */
export function formLines(text: string): HTMLElement {
  const code: Node[] = [];
  for (const [name, value] of new URLSearchParams(text)) {
    if (code.length > 0) code.push(document.createTextNode("\n"));
    code.push(h("span", { class: "json-key" }, name), document.createTextNode("="), h("span", { class: "json-text" }, shortened(value)));
  }
  return h("pre", {}, h("code", {}, ...code));
}

function headerLines(headers: [string, string][]): HTMLElement | undefined {
  if (headers.length === 0) return undefined;
  const lines: Node[] = [];
  for (const [name, value] of headers) {
    if (lines.length > 0) lines.push(document.createTextNode("\n"));
    lines.push(h("span", { class: "header-name" }, name), document.createTextNode(": "), shortened(value));
  }
  return h("pre", { class: "headers" }, h("code", {}, ...lines));
}

function answerLines({ answer, via }: Exchange): Node[] {
  if (!answer) return [];
  const body = objectOf(answer);
  const shown = body ? json(body) : answer.body ? pre(answer.body) : h("p", { class: "muted" }, "The body is empty.");
  const summary = `${answer.headers.length} headers${via === "browser" ? " readable by the browser" : ""}`;
  const headers = headerLines(answer.headers);
  return headers ? [shown, h("details", {}, h("summary", {}, summary), headers)] : [shown];
}

/** HTTP/2 sends no reason phrase, and neither does a relay. */
function reason(status: number): string {
  const phrases: Record<number, string> = {
    200: "OK", 201: "Created", 204: "No Content", 302: "Found", 303: "See Other", 400: "Bad Request",
    401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 429: "Too Many Requests",
    500: "Internal Server Error", 503: "Service Unavailable",
  };
  return phrases[status] ?? "";
}
