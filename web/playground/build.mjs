// Bundles the Playground into ../dist/playground, which the build script of crates/cli embeds. The signer of Bitcoin-key
// apps is a chunk of its own, loaded only when such an app is chosen.
import { copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { build } from "esbuild";
import { licences } from "../licences.mjs";

const root = import.meta.dirname;
const dist = path.join(root, "../dist/playground");

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: { app: "main.ts", style: "style.css" },
  outdir: dist,
  chunkNames: "[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "browser",
  target: "es2022",
  minify: true,
  charset: "utf8",
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
});
for (const file of ["index.html", "icon.svg"]) await copyFile(path.join(root, file), path.join(dist, file));
await writeFile(path.join(dist, "licences.txt"), await licences(path.join(root, ".."), metafile));
