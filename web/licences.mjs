// The licences of bundled packages.
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";

/** The licence texts of every package whose code was bundled, as their terms ask; `root` holds `node_modules`. */
export async function licences(root, metafile) {
  const packages = new Set();
  for (const input of Object.keys(metafile.inputs)) {
    const found = input.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//);
    if (found) packages.add(found[1]);
  }
  const texts = [];
  for (const name of [...packages].sort()) {
    const folder = path.join(root, "node_modules", name);
    const { version, license } = JSON.parse(await readFile(path.join(folder, "package.json"), "utf8"));
    const parts = [`${name} ${version} (${license})`];
    for (const file of ["LICENSE", "LICENSE.txt", "LICENSE.md", "NOTICE"]) {
      if (existsSync(path.join(folder, file))) parts.push(await readFile(path.join(folder, file), "utf8"));
    }
    texts.push(parts.join("\n\n"));
  }
  return `${texts.join(`\n${"-".repeat(100)}\n\n`)}\n`;
}
