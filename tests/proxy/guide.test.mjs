//! The configurations in the guide are the files that the other tests run.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

const docs = new URL("../../docs/", import.meta.url);

for (const [file, language, name] of [
  ["nginx.conf", "nginx", "workspaces.md"],
  ["Caddyfile", "caddy", "workspaces.md"],
  ["traefik.yml", "yaml", "workspaces.md"],
  ["nginx-tokens.conf", "nginx", "high-security-apps.md"],
]) {
  test(`the guide shows ${file} as it is`, async () => {
    const guide = await readFile(new URL(`guides/${name}`, docs), "utf8");
    const example = await readFile(new URL(`examples/proxy/${file}`, docs), "utf8");
    assert.ok(guide.includes(`\n\`\`\`${language}\n${example}\`\`\`\n`), `docs/guides/${name} differs from ${file}`);
  });
}

test("both configurations for nginx work in one nginx", async () => {
  const operations = await readFile(new URL("operations.md", docs), "utf8");
  const [, own] = /```nginx\n(.*?)```/s.exec(operations);
  const api = await readFile(new URL("examples/proxy/nginx.conf", docs), "utf8");
  // Without the certificates, which only their owner has.
  const sites = [own, api].join("\n").replaceAll(/ssl_certificate(_key)? .*;/g, "").replaceAll("443 ssl http2", "8443");
  const directory = await mkdtemp(join(tmpdir(), "sigma-nginx-"));
  try {
    const file = join(directory, "nginx.conf");
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    const paths = temporary.map((name) => `${name}_temp_path ${directory}/${name};`).join("\n");
    const main = `pid ${directory}/nginx.pid;\nerror_log stderr;\nevents {}\n`;
    await writeFile(file, `${main}http {\naccess_log off;\n${paths}\n${sites}\n}`);
    const env = { PATH: `${process.env.PATH}:/usr/sbin` };
    await promisify(execFile)("nginx", ["-t", "-p", directory, "-e", "stderr", "-c", file], { env });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
