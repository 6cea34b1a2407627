// Labelled inputs. Setting one from code does not disturb a user who is typing in it.

import { h } from "./dom.ts";

/** The options of a field. */
export interface FieldOptions {
  name: string;
  label: string;
  hint?: string;
  type?: "text" | "password" | "textarea";
  /** Suggestions. */
  suggest?: string[];
  /** Called on every keystroke. */
  input?: (value: string) => void;
  /** Called when the user leaves the field. */
  change?: (value: string) => void;
}

/** A field on the page. */
export interface Field {
  element: HTMLElement;
  set(value: string): void;
}

/** A text field with its label and hint. */
export function field(options: FieldOptions): Field {
  const { name, label, hint, type = "text", suggest, input, change } = options;
  const id = `field-${name}`;
  const hintId = hint ? `${id}-hint` : undefined;
  const shared = {
    id,
    name,
    spellcheck: "false",
    autocomplete: "off",
    autocapitalize: "off",
    "aria-describedby": hintId,
    oninput: (event: Event) => input?.((event.target as HTMLInputElement).value),
    onchange: (event: Event) => change?.((event.target as HTMLInputElement).value),
  };
  const control =
    type === "textarea"
      ? h("textarea", { ...shared, rows: 4 })
      : h("input", { ...shared, type, list: suggest ? `${id}-list` : undefined });
  const element = h(
    "div",
    { class: type === "textarea" ? "field wide" : "field" },
    h("label", { for: id }, label),
    control,
    suggest && h("datalist", { id: `${id}-list` }, ...suggest.map((value) => h("option", { value }))),
    hint ? h("p", { class: "hint", id: hintId }, hint) : undefined,
  );
  return {
    element,
    set(value) {
      if (control !== document.activeElement && control.value !== value) control.value = value;
    },
  };
}

/** A choice of a few values. */
export function select(options: {
  name: string;
  label: string;
  hint?: string;
  options: [value: string, label: string][];
  change: (value: string) => void;
}): Field {
  const id = `field-${options.name}`;
  const hintId = options.hint ? `${id}-hint` : undefined;
  const control = h(
    "select",
    { id, name: options.name, "aria-describedby": hintId, onchange: () => options.change(control.value) },
    ...options.options.map(([value, label]) => h("option", { value }, label)),
  );
  const element = h(
    "div",
    { class: "field" },
    h("label", { for: id }, options.label),
    control,
    options.hint ? h("p", { class: "hint", id: hintId }, options.hint) : undefined,
  );
  return {
    element,
    set(value) {
      control.value = value;
    },
  };
}
