//! The programs and configurations in the guides are the files that the tests run.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

const docs = new URL("../../docs/", import.meta.url);

for (const [guide, file, language] of [
  ["sign-in-for-apps", "sign-in/flask_app.py", "python"],
  ["sign-in-for-apps", "sign-in/flask_api.py", "python"],
  ["sign-in-for-apps", "sign-in/apache.conf", "apache"],
  ["sign-in-for-apps", "sign-in/spa.js", "js"],
  ["oauth2-proxy", "oauth2-proxy/oauth2-proxy.cfg", "toml"],
  ["kube-apiserver", "kube-apiserver/authentication.yaml", "yaml"],
  ["grafana", "grafana/grafana.ini", "ini"],
  ["nextjs", "nextjs/auth.ts", "ts"],
  ["nextjs", "nextjs/app/api/auth/[...nextauth]/route.ts", "ts"],
  ["nextjs", "nextjs/app/page.tsx", "tsx"],
  ["spring", "spring/shop/application.yml", "yaml"],
  ["spring", "spring/shop/Shop.java", "java"],
  ["spring", "spring/api/application.yml", "yaml"],
  ["spring", "spring/api/Api.java", "java"],
]) {
  test(`the guide ${guide} shows ${file} as it is`, async () => {
    const text = await readFile(new URL(`guides/${guide}.md`, docs), "utf8");
    const example = await readFile(new URL(`examples/${file}`, docs), "utf8");
    assert.ok(text.includes(`\n\`\`\`${language}\n${example}\`\`\`\n`), `docs/guides/${guide}.md differs from ${file}`);
  });
}
