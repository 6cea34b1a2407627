//! Apache with mod_auth_openidc and the configuration that the guide shows. Only addresses and the secret are replaced. It
//! runs in a directory of its own, without root privileges.

import { spawn } from "node:child_process";
import { chown, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { PATIENCE } from "../support/sigma.mjs";

const nobody = 65534;
const privileged = process.getuid() === 0;
const modules = "/usr/lib/apache2/modules";
const example = new URL("../../docs/examples/sign-in/apache.conf", import.meta.url);

/** Replaces a text; fails if it is missing, because then the example changed and this file did not. */
function replaced(text, [from, to]) {
  if (!text.includes(from)) throw new Error(`the example has no ${from}`);
  return text.replaceAll(from, to);
}

function listens(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(true));
    socket.once("error", () => resolve(false)).once("close", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

/**
 * Starts Apache on `port`. The page `/` says in its headers who the person is: `X-Person` and `X-Name`.
 * @param more further lines of configuration
 */
export async function startApache(port, { issuer, secret, more = "" }) {
  const directory = await mkdtemp(join(tmpdir(), "sigma-apache-"));
  const site = [
    ["https://id.example.org", issuer],
    ["https://wiki.example.org", `http://127.0.0.1:${port}`],
    ["the secret of sigma app add", secret],
  ].reduce(replaced, await readFile(example, "utf8"));
  const names = ["mpm_event", "authn_core", "authz_core", "authz_user", "dir", "headers", "auth_openidc"];
  const load = names.map((name) => `LoadModule ${name}_module ${modules}/mod_${name}.so`);
  const configuration = `
${load.join("\n")}
ServerName 127.0.0.1
Listen 127.0.0.1:${port}
PidFile ${directory}/apache.pid
DefaultRuntimeDir ${directory}
ErrorLog ${directory}/error.log
DocumentRoot ${directory}/pages
DirectoryIndex index.html
Header set X-Person "expr=%{REMOTE_USER}"
Header set X-Name "expr=%{req:OIDC_CLAIM_name}"
StartServers 1
ThreadsPerChild 4
MaxRequestWorkers 4
${site}
${more}`;
  await mkdir(join(directory, "pages"));
  await writeFile(join(directory, "pages/index.html"), "The wiki");
  await writeFile(join(directory, "apache.conf"), configuration);
  if (privileged) await Promise.all([directory, join(directory, "pages")].map((path) => chown(path, nobody, nobody)));
  // A group of its own: Apache's workers end with it.
  const child = spawn("apache2", ["-d", directory, "-f", join(directory, "apache.conf"), "-D", "FOREGROUND"], {
    cwd: directory,
    env: { PATH: `${process.env.PATH}:/usr/sbin` },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
    ...(privileged && { uid: nobody, gid: nobody }),
  });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (printed += text));
  const log = () => readFile(join(directory, "error.log"), "utf8").catch(() => "");
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const missing = new Promise((_, reject) =>
    child.once("error", (error) => reject(new Error(`Apache is missing, see scripts/install-test-deps.sh: ${error.message}`))),
  );
  const stop = async () => {
    if (child.exitCode === null) process.kill(-child.pid, "SIGTERM");
    await ended;
    await rm(directory, { recursive: true, force: true });
  };
  for (const deadline = Date.now() + PATIENCE; Date.now() < deadline && child.exitCode === null; await delay(50)) {
    if (await Promise.race([listens(port), missing])) return { origin: `http://127.0.0.1:${port}`, stop, log };
  }
  printed += await log();
  await stop();
  throw new Error(`Apache did not start:\n${printed}`);
}
