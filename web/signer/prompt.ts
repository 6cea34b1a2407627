// The signer's page: the request as the person sees it, and their answer.
import { type Panel, element } from "../pages/panel.ts";
import { type KeyHint } from "../wallet/storage.ts";
import type { Ask } from "./protocol.ts";
import { Seen } from "./seen.ts";
import type { AppRequest } from "./session.ts";

/** How much of the data is shown. */
const SHOWN = 400;
/** After this time without being wholly visible the page says so. */
const COVERED_MS = 3000;

/** What the person decided. */
export interface Decisions {
  allow(password: string, isRemembered: boolean): void;
  deny(): void;
}

/** The step in which the person allows or denies a request. */
export class Prompt {
  readonly #panel: Panel;
  readonly #form = element("ask", HTMLFormElement);
  readonly #allow = element("allow", HTMLButtonElement);
  readonly #password = element("unlock-password", HTMLInputElement);
  readonly #remember = element("remember", HTMLInputElement);
  readonly #seen: Seen;
  #covered: ReturnType<typeof setTimeout> | undefined;
  #isBusy = false;

  constructor(panel: Panel, decisions: Decisions) {
    this.#panel = panel;
    const watched = [element("ask-origin", HTMLElement), this.#allow];
    this.#seen = new Seen(watched, (isSeen) => this.#enable(isSeen));
    // The browser itself presses the button when somebody types Enter; scripts cannot make such an event.
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    this.#allow.addEventListener("click", (event) => {
      event.preventDefault();
      if (event.isTrusted && this.#seen.isSeen && !this.#isBusy) decisions.allow(this.#password.value, this.#remember.checked);
    });
    onTrustedClick("deny", () => decisions.deny());
  }

  /** Shows a request. The answer counts only after it was visible for a while. */
  ask(request: AppRequest, isLocked: boolean, hint: KeyHint | undefined): void {
    describe(request);
    this.#remember.checked = false;
    this.#password.value = "";
    for (const node of this.#form.querySelectorAll<HTMLElement>("[data-locked]")) node.hidden = !isLocked;
    for (const node of this.#form.querySelectorAll<HTMLElement>("[data-unlocked]")) node.hidden = isLocked;
    const name = hint?.bapId === request.bapId ? hint.name : "";
    this.#panel.name({ name, bapId: request.bapId });
    this.#panel.show("ask", isLocked ? this.#password : element("ask-title", HTMLElement));
    this.#seen.start();
    this.#awaitCover();
  }

  /** Unlocking takes a moment; then `work` decides what is shown. */
  async busy(words: string, work: () => Promise<void>): Promise<void> {
    this.#isBusy = true;
    this.#panel.tell(words);
    this.#allow.disabled = true;
    try {
      await new Promise((painted) => setTimeout(painted, 30));
      await work();
    } finally {
      this.#isBusy = false;
      this.#enable(this.#seen.isSeen);
    }
  }

  /** Shows why the key stays locked. */
  fail(words: string): void {
    this.#panel.fail(words, this.#password);
  }

  /** Forgets what was typed, and stops watching. */
  rest(): void {
    clearTimeout(this.#covered);
    this.#seen.stop();
    this.#password.value = "";
    this.#remember.checked = false;
  }

  #enable(isSeen: boolean): void {
    this.#allow.disabled = !isSeen || this.#isBusy;
    if (isSeen) element("covered", HTMLElement).hidden = true;
    else this.#awaitCover();
  }

  #awaitCover(): void {
    clearTimeout(this.#covered);
    this.#covered = setTimeout(() => {
      element("covered", HTMLElement).hidden = this.#seen.isSeen || this.#form.hidden;
    }, COVERED_MS);
  }
}

/** Runs an action on clicks that the person made, not a script. */
export function onTrustedClick(action: string, run: () => void): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>(`[data-action="${action}"]`)) {
    button.addEventListener("click", (event) => {
      if (event.isTrusted) run();
    });
  }
}

/** Fills in origin, kind and details, in every step that shows them. */
export function describe({ origin, ask }: AppRequest): void {
  for (const node of document.querySelectorAll("[data-origin]")) node.textContent = origin;
  for (const node of document.querySelectorAll<HTMLElement>("[data-kind]")) node.hidden = node.dataset["kind"] !== ask.kind;
  const facts = factsOf(ask);
  for (const node of document.querySelectorAll<HTMLElement>("[data-fact]")) {
    const fact = facts[node.dataset["fact"] ?? ""];
    node.hidden = fact === undefined;
    const value = node.querySelector("dd");
    if (value) value.textContent = fact ?? "";
  }
}

function factsOf(ask: Ask): Record<string, string | undefined> {
  switch (ask.kind) {
    case "sign":
      return { path: ask.requestPath, body: ask.body === undefined ? undefined : shortened(ask.body) };
    case "data":
      return { data: shortened(ask.pushes.map(readable).join(" ")) };
    default:
      return { friend: ask.friend };
  }
}

/** A push as text if it is one, else in hex. */
function readable(push: number[]): string {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array(push));
    if (/^[^\p{C}]*$/u.test(text)) return text;
  } catch {
    // No text.
  }
  return push.slice(0, SHOWN).map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function shortened(text: string): string {
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}
