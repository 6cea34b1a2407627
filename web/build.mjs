// Bundles styles and scripts into dist/, each file named by a hash of its content, and writes dist/manifest.json
// ("login.js" -> "login-4ZK2….js"), from which the server's build script embeds them.
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import path from "node:path";
import { build } from "esbuild";
import { licences } from "./licences.mjs";

const root = import.meta.dirname;
const dist = path.join(root, "dist");

const entryPoints = {
  style: "style.css",
  login: "pages/login.ts",
  signup: "pages/signup.ts",
  restore: "pages/restore.ts",
  "account-backup": "pages/account-backup.ts",
  "account-profile": "pages/account-profile.ts",
  "add-key": "pages/add-key.ts",
  passkey: "pages/passkey.ts",
  passkeys: "pages/passkeys.ts",
  signer: "pages/signer.ts",
  consent: "pages/consent.ts",
  "offer-passkey": "pages/offer-passkey.ts",
  "form-post": "pages/form-post.ts",
  copy: "pages/copy.ts",
  merits: "pages/merits.ts",
  developers: "pages/developers.ts",
  live: "pages/live.ts",
  reference: "pages/reference.ts",
  "reference-style": "reference.css",
};

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });

const result = await build({
  absWorkingDir: root,
  entryPoints,
  outdir: dist,
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "browser",
  target: "es2022",
  minify: true,
  charset: "utf8",
  legalComments: "none",
  // Libraries must not log secrets to the console.
  drop: ["console"],
  loader: { ".svg": "file" },
  metafile: true,
  logLevel: "warning",
});

const manifest = {};
for (const [file, output] of Object.entries(result.metafile.outputs)) {
  const name = path.basename(file);
  manifest[output.entryPoint ? name.replace(/-[A-Z0-9]{8}(\.\w+)$/, "$1") : name] = name;
}
manifest["icon.svg"] = await writeHashed("icon", ".svg", await readFile(path.join(root, "icon.svg")));
manifest["licences.txt"] = await writeHashed("licences", ".txt", Buffer.from(await licences(root, result.metafile)));

const sorted = Object.fromEntries(Object.entries(manifest).sort(([a], [b]) => (a < b ? -1 : 1)));
await writeFile(path.join(dist, "manifest.json"), `${JSON.stringify(sorted, null, 2)}\n`);
for (const file of Object.values(sorted)) {
  const { length } = await readFile(path.join(dist, file));
  console.log(`${String(Math.ceil(length / 1024)).padStart(6)} KiB  ${file}`);
}

/** Writes a file that esbuild does not handle under a name with the same kind of hash. */
async function writeHashed(name, extension, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 8).toUpperCase();
  const file = `${name}-${hash}${extension}`;
  await writeFile(path.join(dist, file), content);
  return file;
}
