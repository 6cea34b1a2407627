//! Fails if a page of the documentation links to a file or heading that does not exist.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const pages = ["README.md", "CHANGELOG.md", "UPGRADING.md", ...readdirSync(join(root, "docs"), { recursive: true })
  .filter((name) => name.endsWith(".md") && !name.includes("node_modules") && !name.includes(".venv"))
  .map((name) => join("docs", name))];

const withoutCode = (text) => text.replace(/^(`{3,}).*\n[\s\S]*?^\1\s*$/gm, "").replace(/`[^`\n]*`/g, (code) => "x".repeat(code.length));

/** The anchors of a page, as GitHub makes them of its headings. */
function anchors(path) {
  const text = readFileSync(path, "utf8").replace(/^(`{3,}).*\n[\s\S]*?^\1\s*$/gm, "");
  const seen = new Map();
  return new Set(
    [...text.matchAll(/^#{1,6} +(.+?)\s*$/gm)].map(([, heading]) => {
      const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1");
      const slug = plain.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-");
      const count = seen.get(slug) ?? 0;
      seen.set(slug, count + 1);
      return count > 0 ? `${slug}-${count}` : slug;
    }),
  );
}

const problems = [];
for (const page of pages) {
  const text = withoutCode(readFileSync(join(root, page), "utf8"));
  for (const [, link] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(link)) continue;
    const [path, anchor] = link.split("#");
    const target = path ? resolve(root, dirname(page), path) : join(root, page);
    if (!existsSync(target)) problems.push(`${page}: no file ${path}`);
    else if (anchor && target.endsWith(".md") && !anchors(target).has(anchor)) problems.push(`${page}: no heading #${anchor} in ${relative(root, target)}`);
  }
}
if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exit(1);
}
