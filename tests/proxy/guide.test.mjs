//! The configurations in the guide are the files that the other tests run.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

const docs = new URL("../../docs/", import.meta.url);

for (const [file, language] of [
  ["nginx.conf", "nginx"],
  ["Caddyfile", "caddy"],
  ["traefik.yml", "yaml"],
]) {
  test(`the guide shows ${file} as it is`, async () => {
    const guide = await readFile(new URL("guides/workspaces.md", docs), "utf8");
    const example = await readFile(new URL(`examples/proxy/${file}`, docs), "utf8");
    assert.ok(guide.includes(`\n\`\`\`${language}\n${example}\`\`\`\n`), `docs/guides/workspaces.md differs from ${file}`);
  });
}
