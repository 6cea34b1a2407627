// Shared by the wallet's two pages: steps (one visible at a time), the alert, the status line, busy buttons.
import { text } from "./texts.ts";

/** The element with this id and type; pages and scripts are built together, so it exists. */
export function element<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`#${id} is missing`);
  return found;
}

/** The wallet's panel, with the data that the server put into it. */
export class Panel {
  readonly #root = element("wallet", HTMLElement);
  readonly #alert = element("alert", HTMLElement);
  readonly #status = element("status", HTMLElement);

  constructor() {
    for (const button of this.#root.querySelectorAll<HTMLButtonElement>("button[data-reveal]")) revealing(button);
  }

  /** A `data-` attribute of the panel. */
  data(name: string): string | undefined {
    return this.#root.dataset[name];
  }

  /** Shows one step and moves the focus to its heading or first field. */
  show(step: string, focus: HTMLElement | null = null): void {
    for (const other of this.#root.querySelectorAll<HTMLElement>(".step")) other.hidden = other.id !== step;
    this.clear();
    focus?.focus();
  }

  /** Runs an action when its button is pressed. */
  on(action: string, run: () => void | Promise<void>): void {
    for (const button of this.#root.querySelectorAll(`[data-action="${action}"]`)) {
      button.addEventListener("click", () => void this.#guarded(run));
    }
  }

  /** Runs a form's action on submit, in place of the browser's own submission. */
  onSubmit(form: HTMLFormElement, run: () => Promise<void>): void {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#guarded(run);
    });
  }

  /** Shows and announces an error, and moves the focus to where it can be fixed. */
  fail(words: string, mend: HTMLElement | null = null): void {
    this.#status.textContent = "";
    this.#alert.textContent = words;
    this.#alert.hidden = false;
    (mend ?? this.#alert).focus();
    mend?.setAttribute("aria-invalid", "true");
    if (mend instanceof HTMLInputElement && mend.type !== "file") mend.select();
  }

  /** Shows and announces progress. */
  tell(words: string): void {
    this.#status.textContent = words;
  }

  /** Clears the messages. */
  clear(): void {
    this.#alert.hidden = true;
    this.#alert.textContent = "";
    this.#status.textContent = "";
    for (const field of this.#root.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  }

  /** Shows progress, with buttons disabled meanwhile. */
  async busy(words: string, work: () => Promise<void>): Promise<void> {
    this.clear();
    this.tell(words);
    this.#root.setAttribute("aria-busy", "true");
    const buttons = [...this.#root.querySelectorAll<HTMLButtonElement>("button.button, button.choice")].filter((button) => !button.disabled);
    const focused = document.activeElement;
    for (const button of buttons) button.disabled = true;
    try {
      // The text must be on screen before key derivation occupies the processor.
      await new Promise((painted) => setTimeout(painted, 30));
      await work();
    } finally {
      for (const button of buttons) button.disabled = false;
      this.#root.removeAttribute("aria-busy");
      if (document.activeElement === document.body && focused instanceof HTMLElement) focused.focus();
    }
  }

  /** Fills in the name of a key. */
  name(hint: { name: string; bapId: string } | undefined): void {
    for (const node of this.#root.querySelectorAll("[data-key-name]")) node.textContent = hint?.name || text("key-yours");
    for (const node of this.#root.querySelectorAll("[data-key-id]")) node.textContent = hint?.bapId ?? "";
  }

  async #guarded(run: () => void | Promise<void>): Promise<void> {
    try {
      await run();
    } catch {
      this.fail(text("failed"));
    }
  }
}

/** Shows or hides every element that a selector finds. */
export function toggle(selector: string, shown: boolean): void {
  for (const node of document.querySelectorAll<HTMLElement>(selector)) node.hidden = !shown;
}

/** A path on this origin; anything else becomes the front page. */
export function leaveFor(url: string | undefined): void {
  const target = new URL(url ?? "/", location.origin);
  location.assign(target.origin === location.origin ? target.href : "/");
}

function revealing(button: HTMLButtonElement): void {
  const field = element(button.dataset["reveal"] ?? "", HTMLInputElement);
  button.addEventListener("click", () => {
    const shown = field.type === "text";
    field.type = shown ? "password" : "text";
    button.textContent = text(shown ? "show" : "hide");
    button.setAttribute("aria-label", text(shown ? "show-password" : "hide-password"));
    field.focus();
  });
}
