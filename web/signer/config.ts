// What the server tells the page.
import type { Panel } from "../pages/panel.ts";

/** Who may embed the page, and what it signs for nobody. */
export interface Config {
  /** The declared origins that this response allows. */
  origins: readonly string[];
  /** Prefixes of paths. */
  reserved: readonly string[];
}

/** Reads it. */
export function configOf(panel: Panel): Config {
  const list = (name: string) => (panel.data(name) ?? "").split(" ").filter((word) => word !== "");
  return { origins: list("origins"), reserved: list("reserved") };
}
