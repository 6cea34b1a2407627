//! Runs the drills whose name holds one of the arguments, or all, and prints what was acknowledged and what was lost. Exits
//! with 1 when a promise was broken.

import { execFileSync } from "node:child_process";
import { binary } from "../support/sigma.mjs";
import { drills as failover } from "./failover.mjs";
import { drills as fullDisk } from "./full-disk.mjs";
import { drills as killed } from "./killed.mjs";
import { drills as monitoring } from "./monitoring.mjs";
import { drills as moving } from "./moving.mjs";
import { drills as nodes } from "./nodes.mjs";
import { drills as restarts } from "./restarts.mjs";
import { drills as upgrade } from "./upgrade.mjs";

const all = { ...killed, ...fullDisk, ...nodes, ...moving, ...restarts, ...upgrade, ...failover, ...monitoring };
const wanted = process.argv.slice(2);
const chosen = Object.entries(all).filter(([name]) => wanted.length === 0 || wanted.some((word) => name.includes(word)));

const rows = [];
let failed = chosen.length === 0;
if (failed) console.error(`no such drill; there are: ${Object.keys(all).join(" | ")}`);

for (const [name, drill] of chosen) {
  const begun = Date.now();
  console.error(`${name} …`);
  try {
    const { load, lost, undone, broken, detail } = await drill();
    const { exchange = 0, refresh = 0, revocation = 0 } = load?.acknowledged ?? {};
    rows.push({ name, acknowledged: `${exchange} + ${refresh} + ${revocation}`, lost, undone, broken, detail });
    if (load && load.refusals > 0) rows.at(-1).detail += `; refused: ${JSON.stringify(load.refused)}`;
    failed ||= lost > 0 || undone > 0 || broken > 0;
  } catch (error) {
    rows.push({ name, acknowledged: "", lost: "", undone: "", broken: "", detail: `failed: ${error.message}` });
    failed = true;
  }
  console.error(`  ${rows.at(-1).detail} (${Math.round((Date.now() - begun) / 1_000)} s)`);
}

console.log(`${execFileSync(binary, ["--version"]).toString().trim()}\n`);
console.log("| drill | exchanges + refreshes + revocations acknowledged | lost | undone | broken | |");
console.log("|---|---|---|---|---|---|");
for (const row of rows) console.log(`| ${Object.values(row).join(" | ")} |`);
process.exit(failed ? 1 : 0);
