//! The programs in the guide are the files that the other tests run.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

const docs = new URL("../../docs/", import.meta.url);

for (const [file, language] of [
  ["flask_app.py", "python"],
  ["flask_api.py", "python"],
  ["apache.conf", "apache"],
  ["spa.js", "js"],
]) {
  test(`the guide shows ${file} as it is`, async () => {
    const guide = await readFile(new URL("guides/sign-in-for-apps.md", docs), "utf8");
    const example = await readFile(new URL(`examples/sign-in/${file}`, docs), "utf8");
    const shown = guide.includes(`\n\`\`\`${language}\n${example}\`\`\`\n`);
    assert.ok(shown, `docs/guides/sign-in-for-apps.md differs from ${file}`);
  });
}
