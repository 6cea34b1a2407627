//! Prepares the documentation for mdBook in the directory that is named: the pages, and a table of contents of all of them.
//!
//!   node scripts/book.mjs target/book

import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const book = resolve(process.argv[2] ?? "target/book");
const source = join(book, "src");
rmSync(book, { recursive: true, force: true });
mkdirSync(source, { recursive: true });
const isPage = (name) => !/node_modules|\.venv|__pycache__|^examples\/[^/]+\//.test(name);
cpSync(join(root, "docs"), source, { recursive: true, filter: (path) => isPage(relative(join(root, "docs"), path)) });
for (const page of ["CHANGELOG.md", "UPGRADING.md"]) cpSync(join(root, page), join(source, page));

const pages = readdirSync(source, { recursive: true }).filter((name) => name.endsWith(".md"));
const title = (page) => /^# +(.+)$/m.exec(readFileSync(join(source, page), "utf8"))?.[1].replaceAll("`", "") ?? basename(page, ".md");

// Links to what is no page, such as a unit file, become plain text; those to the changelog lead to its copy.
for (const page of pages) {
  const from = dirname(join(source, page));
  const text = readFileSync(join(source, page), "utf8").replace(/(!?)\[([^\]\n]+)\]\(([^)\s]+)\)/g, (whole, image, words, link) => {
    if (/^([a-z]+:|#)/.test(link)) return whole;
    const [path, anchor] = link.split("#");
    const copy = /(CHANGELOG|UPGRADING)\.md$/.exec(path);
    const target = copy ? join(source, copy[0]) : resolve(from, path);
    if (!existsSync(target) || (!image && !target.endsWith(".md"))) return words;
    return `${image}[${words}](${relative(from, target)}${anchor ? `#${anchor}` : ""})`;
  });
  writeFileSync(join(source, page), text);
}

const listed = new Set(["README.md", "SUMMARY.md"]);
const entry = (page, depth = 0) => {
  if (!pages.includes(page) || listed.has(page)) return [];
  listed.add(page);
  return [`${"  ".repeat(depth)}- [${title(page)}](${page})`];
};
const folder = (name) => [
  ...entry(`${name}/README.md`),
  ...pages.filter((page) => dirname(page) === name).sort().flatMap((page) => entry(page, pages.includes(`${name}/README.md`) ? 1 : 0)),
];
const guides = (...names) => names.flatMap((name) => entry(`guides/${name}.md`));
const operators = [
  ...guides("one-vm", "kubernetes", "patroni"),
  ...["operations.md", "configuration.md", "command-line.md", "releases.md", "UPGRADING.md"].flatMap((page) => entry(page)),
  ...folder("operations"),
  ...guides("backups", "console", "apply", "moving-people", "domains", "scim", "merging-accounts", "audit-trail"),
  ...["security.md", "reliability.md", "performance.md"].flatMap((page) => entry(page)),
];
const contributors = ["architecture.md", "conformance.md", "dependencies.md"].flatMap((page) => entry(page));
const developers = [...guides("sign-in-for-apps", "high-security-apps", "signing-in-with-a-key"), ...folder("guides"), ...folder("examples")];
const sections = [
  ["For developers", [...entry("concepts.md"), ...developers]],
  ["For operators", operators],
  ["Reference", folder("spec")],
  ["For contributors", [...contributors, ...folder("adr"), ...entry("CHANGELOG.md")]],
  ["More", pages.sort().flatMap((page) => entry(page))],
];
const contents = sections.filter(([, entries]) => entries.length > 0).map(([name, entries]) => `# ${name}\n\n${entries.join("\n")}`);
writeFileSync(join(source, "SUMMARY.md"), `# Summary\n\n[Documentation](README.md)\n\n${contents.join("\n\n")}\n`);
writeFileSync(
  join(book, "book.toml"),
  `[book]
title = "Sigma"
description = "Self-hosted identity server"
language = "en"

[build]
create-missing = false

[output.html]
preferred-dark-theme = "navy"

[output.html.fold]
enable = true

[output.html.search]
enable = true
`,
);
