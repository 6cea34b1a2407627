//! What the modules of plans came to, as tables.

/** Verdicts, the worst first. */
export const VERDICTS = ["FAILED", "INTERRUPTED", "WARNING", "REVIEW", "SKIPPED", "PASSED"];

/** The verdict of a module, of what the suite says about it. */
export function verdict({ status, result }) {
  if (status !== "FINISHED") return "INTERRUPTED";
  return VERDICTS.includes(result) ? result : "FAILED";
}

/** How many modules of each plan came to what: one line for each plan and engine. */
export function summary(rows) {
  const lines = ["| engine | plan | modules | passed | to be looked at | warning | skipped | failed |", "|---|---|---|---|---|---|---|---|"];
  for (const [engine, plan] of distinct(rows)) {
    const of = rows.filter((row) => row.engine === engine && row.plan === plan);
    const count = (...wanted) => of.filter((row) => wanted.includes(row.verdict)).length || "";
    const counts = [count("PASSED"), count("REVIEW"), count("WARNING"), count("SKIPPED"), count("FAILED", "INTERRUPTED")];
    lines.push(`| ${[engine, plan, of.length, ...counts].join(" | ")} |`);
  }
  return lines.join("\n");
}

/** Every module that did not simply pass, with what the suite said. */
export function details(rows) {
  const notable = rows.filter((row) => row.verdict !== "PASSED");
  const rank = (row) => VERDICTS.indexOf(row.verdict);
  notable.sort((one, other) => rank(one) - rank(other));
  const line = (row) => `| ${[row.engine, row.plan, row.module, row.verdict, cell(row.reasons.join("; "))].join(" | ")} |`;
  return ["| engine | plan | module | verdict | |", "|---|---|---|---|---|", ...notable.map(line)].join("\n");
}

/** Conditions that fail, and are to: an OpenID provider with dynamic clients has to offer the implicit flow, which is not here. */
const OUT_OF_SCOPE = ["OIDCCCheckDiscEndpointResponseTypesSupportedDynamic", "OIDCCCheckDiscEndpointGrantTypesSupportedDynamic"];

/** Whether a run with these rows has failed: a plan that ran no module has, too. */
export function hasFailed(rows) {
  const isMeant = ({ verdict, reasons }) =>
    verdict === "FAILED" && reasons.length > 0 && reasons.every((reason) => OUT_OF_SCOPE.includes(reason.split(":")[0]));
  return rows.length === 0 || rows.some((row) => ["FAILED", "INTERRUPTED"].includes(row.verdict) && !isMeant(row));
}

function cell(text) {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ").slice(0, 300);
}

function distinct(rows) {
  const seen = new Map(rows.map((row) => [`${row.engine}\n${row.plan}`, [row.engine, row.plan]]));
  return [...seen.values()];
}
