// Elements without a framework: `h` builds, `replace` swaps, nothing ever parses HTML.

type Child = Node | string | undefined | false;

/** Attributes by name; `true` writes an empty one, `false` and `undefined` none; `on…` listens. */
export interface Attributes {
  [name: string]: string | number | boolean | undefined | ((event: Event) => void);
}

/** An element with its attributes, listeners and children. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child): child is Node | string => child !== undefined && child !== false));
  return element;
}

/** Replaces the children of `parent` by `children`. */
export function replace(parent: Element, ...children: Child[]): void {
  parent.replaceChildren(...children.filter((child): child is Node | string => child !== undefined && child !== false));
}

/** A button with an action. */
export function button(label: string, press: () => void | Promise<void>, attributes: Attributes = {}): HTMLButtonElement {
  return h("button", { type: "button", ...attributes, onclick: () => void press() }, label);
}

/** Shows a message in the corner of the page, and announces it to screen readers. */
export function announce(message: string): void {
  const toast = document.getElementById("toast");
  if (!toast) return;
  toast.textContent = message;
  toast.classList.add("shown");
  window.setTimeout(() => {
    if (toast.textContent === message) toast.classList.remove("shown");
  }, 2500);
}

/** A button that copies the current result of `text`. */
export function copyButton(label: string, text: () => string): HTMLButtonElement {
  return button(label, async () => {
    try {
      await navigator.clipboard.writeText(text());
      announce("Copied");
    } catch {
      announce("The browser did not allow copying");
    }
  }, { class: "quiet" });
}

/** A verdict on one fact, in words as well as colour. */
export function verdict(kind: "ok" | "bad" | "warn", text: string): HTMLLIElement {
  const words = { ok: "Passed", bad: "Failed", warn: "Note" };
  return h("li", { class: `verdict ${kind}` }, h("span", { class: "hidden" }, `${words[kind]}: `), text);
}

/** The longest text shown in full. */
const LONG = 120;

/** Text, or its beginning and a button that shows the rest: a token would push everything else away. */
export function shortened(text: string): Node {
  if (text.length <= LONG) return document.createTextNode(text);
  const place = h("span", {}, `${text.slice(0, LONG / 2)}… `);
  const more = h(
    "button",
    { type: "button", class: "more", onclick: () => place.replaceChildren(text) },
    `all ${text.length} characters`,
  );
  place.append(more);
  return place;
}

/** JSON, indented and coloured by kind. */
export function json(value: unknown): HTMLElement {
  const text = JSON.stringify(value, null, 2) ?? "";
  const code = h("code");
  const token = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
  let end = 0;
  for (const match of text.matchAll(token)) {
    code.append(text.slice(end, match.index));
    const kind = match[1] === undefined ? "atom" : match[2] === undefined ? "text" : "key";
    code.append(h("span", { class: `json-${kind}` }, shortened(match[1] ?? match[0])), match[2] ?? "");
    end = match.index + match[0].length;
  }
  code.append(text.slice(end));
  return h("pre", {}, code);
}

/** Plain text in a block that wraps. */
export function pre(...children: Child[]): HTMLElement {
  return h("pre", {}, h("code", {}, ...children));
}
