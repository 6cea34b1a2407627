// The texts of scripts: the page carries them, in its language (`locales/*/scripts.ftl`).

let texts: Record<string, string> = {};
if (typeof document !== "undefined") {
  texts = JSON.parse(document.getElementById("texts")?.dataset["texts"] ?? "{}") as Record<string, string>;
}

/** The text called `key`, with what is in braces filled in. */
export function text(key: string, values: Record<string, string | number> = {}): string {
  return (texts[key] ?? "").replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** Other texts than those of the page, for tests. */
export function useTexts(others: Record<string, string>): void {
  texts = others;
}

/** A number of units in words: "30 seconds", "2 minutes". */
export function span(count: number, unit: "second" | "minute" | "hour" | "day"): string {
  const language = typeof document === "undefined" ? "en" : document.documentElement.lang;
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(count);
}
