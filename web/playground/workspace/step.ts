// A step made of actions, which are available once logged in.

import type { ActionView } from "../action.ts";
import { h } from "../dom.ts";
import type { Step } from "../playground.ts";
import type { Tenancy } from "./tenancy.ts";

/** The parts of the step. */
export interface ActionsStep {
  id: string;
  title: string;
  /** Its description, shown until logged in. */
  about: string;
  /** Shown before the actions. */
  before?: HTMLElement;
  actions: ActionView[];
  done: () => boolean;
  /** Called on a change, before the actions update. */
  prepare?: () => void;
}

/** The step. */
export function actionsStep(tenancy: Tenancy, { id, title, about, before, actions, done, prepare }: ActionsStep): Step {
  const waiting = h("p", { class: "muted" }, about);
  const list = h("div", {}, ...actions.map(({ element }) => element));
  return {
    id,
    title,
    element: h("div", {}, waiting, before, list),
    progress: () => (done() ? "done" : tenancy.session ? "current" : "waiting"),
    update() {
      waiting.hidden = tenancy.session !== undefined;
      list.hidden = tenancy.session === undefined;
      prepare?.();
      for (const { update } of actions) update();
    },
  };
}
