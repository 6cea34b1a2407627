// A flow: a column of steps, and a list of them.

import { h } from "./dom.ts";
import type { Step } from "./playground.ts";

/** One flow of the page. */
export interface Flow {
  id: string;
  title: string;
  steps: Step[];
  /** Its steps. */
  element: HTMLElement;
  /** The list of its steps with their progress. */
  list(): HTMLElement[];
}

/** The flow of these steps. */
export function flow(id: string, title: string, steps: Step[]): Flow {
  const sections = steps.map(frame);
  return {
    id,
    title,
    steps,
    element: h("div", { class: "flow", id }, ...sections),
    list() {
      const progress = steps.map((step) => step.progress());
      const next = progress.indexOf("current", progress.lastIndexOf("done") + 1);
      const current = next < 0 ? progress.lastIndexOf("current") : next;
      const words = { done: "done", current: "to do", waiting: "later" };
      return steps.map((step, index) => {
        const state = progress[index] ?? "waiting";
        const section = sections[index];
        if (section) section.dataset["progress"] = state;
        return h(
          "li",
          { class: state },
          h(
            "a",
            { href: `#${step.id}`, "aria-current": index === current ? "step" : undefined },
            h("span", { class: "number", "aria-hidden": "true" }, state === "done" ? "✓" : String(index + 1)),
            h("span", {}, step.title, h("span", { class: "hidden" }, ` (${words[state]})`)),
          ),
        );
      });
    },
  };
}

function frame(step: Step, index: number): HTMLElement {
  return h(
    "section",
    { class: "step", id: step.id, "aria-labelledby": `${step.id}-title` },
    h("h2", { id: `${step.id}-title`, tabindex: "-1" }, h("span", { class: "number", "aria-hidden": "true" }, String(index + 1)), step.title),
    step.element,
  );
}
