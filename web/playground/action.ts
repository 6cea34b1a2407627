// One thing that can be done in a step: what it is for, a button, and the exchange that came of it.

import { button, h, replace } from "./dom.ts";
import type { Exchange } from "./exchange.ts";
import { exchangeView } from "./exchange-view.ts";

/** What can be done. */
export interface Action {
  title: string;
  about: string;
  label: string;
  controls?: HTMLElement;
  /** Why it cannot be done now. */
  blocked?: () => string | undefined;
  /** Does it and lets every step follow. */
  run: () => Promise<void>;
  /** The last exchange that came of it. */
  exchange: () => Exchange | undefined;
  /** What there is to see in it, above request and answer. */
  remark?: (exchange: Exchange) => HTMLElement | undefined;
}

/** An element that follows changes. */
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

/** A part of a step with its title and what it is about. */
export function titled(title: string, about: string, ...content: (Node | undefined)[]): HTMLElement {
  return h("section", { class: "action" }, h("h3", {}, title), h("p", { class: "hint" }, about), ...content);
}
