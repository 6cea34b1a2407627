// Bundles tests/*.test.ts for Node and runs them with its own test runner.
import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { build } from "esbuild";

const root = import.meta.dirname;
const outdir = path.join(root, "node_modules/.cache/tests");
const entryPoints = readdirSync(path.join(root, "tests"))
  .filter((file) => file.endsWith(".test.ts"))
  .map((file) => path.join("tests", file));

rmSync(outdir, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints,
  outdir,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  drop: ["console"],
  loader: { ".ftl": "text" },
  logLevel: "warning",
});
const files = readdirSync(outdir).map((file) => path.join(outdir, file));
process.exitCode = spawnSync(process.execPath, ["--test", ...files], { stdio: "inherit" }).status ?? 1;
