// One thing that can be done in a step: a description, a button, and the resulting exchange.

import { button, h, replace } from "./dom.ts";
import type { Exchange } from "./exchange.ts";
import { exchangeView } from "./exchange-view.ts";

/** An action. */
export interface Action {
  title: string;
  about: string;
  label: string;
  controls?: HTMLElement;
  /** Why it is unavailable at present. */
  blocked?: () => string | undefined;
  /** Runs it and updates every step. */
  run: () => Promise<void>;
  /** Its last exchange. */
  exchange: () => Exchange | undefined;
  /** A remark on it, shown above request and response. */
  remark?: (exchange: Exchange) => HTMLElement | undefined;
}

/** An element that updates itself. */
export interface ActionView {
  element: HTMLElement;
  update(): void;
}

/** The section of an action. */
export function actionView(action: Action): ActionView {
  const outcome = h("div", { class: "stack", "aria-live": "polite" });
  const reason = h("p", { class: "hint" });
  const press = button(action.label, async () => {
    press.disabled = true;
    await action.run();
  });
  const actions = h("div", { class: "actions" }, press, reason);
  return {
    element: titled(action.title, action.about, action.controls, actions, outcome),
    update() {
      const blocked = action.blocked?.();
      press.disabled = blocked !== undefined;
      reason.textContent = blocked ?? "";
      const exchange = action.exchange();
      replace(outcome, exchange && action.remark?.(exchange), exchange && exchangeView(exchange));
    },
  };
}

/** A part of a step with title and description. */
export function titled(title: string, about: string, ...content: (Node | undefined)[]): HTMLElement {
  return h("section", { class: "action" }, h("h3", {}, title), h("p", { class: "hint" }, about), ...content);
}
