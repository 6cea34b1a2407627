//! nginx and Caddy with the configuration that the guide shows. Only addresses are replaced: plain HTTP on a free port
//! instead of TLS on 443. They run in a directory of their own, without root privileges.

import { spawn } from "node:child_process";
import { chown, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../support/sigma.mjs";

const nobody = 65534;
const privileged = process.getuid() === 0;
const examples = new URL("../../docs/examples/proxy/", import.meta.url);

/** Replaces every occurrence; fails if there is none, because then the example changed and this file did not. */
function replaced(text, replacements) {
  for (const [pattern, by] of replacements) {
    if (!text.match(pattern)) throw new Error(`the example has no ${pattern}`);
    text = text.replaceAll(pattern, by);
  }
  return text;
}

async function nginx(directory, port, addresses, file = "nginx.conf") {
  const site = replaced(await readFile(new URL(file, examples), "utf8"), [
    [/127\.0\.0\.1:8080/g, addresses.sigma],
    [/127\.0\.0\.1:3000/g, addresses.api],
    [/listen 443 ssl http2;/g, `listen 127.0.0.1:${port};`],
    [/ssl_certificate(_key)? .*;/g, ""],
  ]);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  const around = `
daemon off;
master_process off;
pid ${directory}/nginx.pid;
error_log stderr notice;
events {}
http {
  access_log off;
  ${temporary.map((name) => `${name}_temp_path ${directory}/${name};`).join("\n  ")}
  ${site}
}`;
  await writeFile(join(directory, "nginx.conf"), around);
  return ["nginx", ["-p", directory, "-e", "stderr", "-c", join(directory, "nginx.conf")]];
}

async function caddy(directory, port, addresses) {
  const site = replaced(await readFile(new URL("Caddyfile", examples), "utf8"), [
    [/127\.0\.0\.1:8080/g, addresses.sigma],
    [/127\.0\.0\.1:3000/g, addresses.api],
    [/^api\.example\.org \{/gm, `http://:${port} {\n\tbind 127.0.0.1`],
  ]);
  const around = `{\n\tadmin off\n\tauto_https off\n}\n${site}`;
  await writeFile(join(directory, "Caddyfile"), around);
  return ["caddy", ["run", "--config", join(directory, "Caddyfile"), "--adapter", "caddyfile"]];
}

/** The proxies by name: each writes its configuration and returns how to start it. */
export const proxies = { nginx, caddy };
const started = { ...proxies, "nginx for tokens": (...given) => nginx(...given, "nginx-tokens.conf") };

function listens(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(true));
    socket.once("error", () => resolve(false)).once("close", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

/** Starts the proxy called `name` once; undefined if its port was taken. */
async function attempt(name, addresses) {
  const directory = await mkdtemp(join(tmpdir(), `sigma-${name.replaceAll(" ", "-")}-`));
  const port = await freePort();
  const [command, args] = await started[name](directory, port, addresses);
  if (privileged) await chown(directory, nobody, nobody);
  const child = spawn(command, args, {
    cwd: directory,
    env: { PATH: `${process.env.PATH}:/usr/sbin`, HOME: directory, XDG_DATA_HOME: directory, XDG_CONFIG_HOME: directory },
    stdio: ["ignore", "pipe", "pipe"],
    ...(privileged && { uid: nobody, gid: nobody }),
  });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (printed += text));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const missing = new Promise((_, reject) => child.once("error", reject));
  const stop = async () => {
    child.kill("SIGKILL");
    await ended;
    await rm(directory, { recursive: true, force: true });
  };
  for (let tries = 0; tries < 1_200 && child.exitCode === null; tries += 1) {
    if (await Promise.race([listens(port), missing])) return { port, stop, output: () => printed };
    await delay(50);
  }
  await stop();
  if (/address already in use/i.test(printed)) return undefined;
  throw new Error(`${name} did not start:\n${printed}`);
}

/**
 * Starts a proxy.
 * @param addresses where Sigma and the API listen, as `host:port`
 */
export async function startProxy(name, addresses) {
  for (let tries = 0; tries < 5; tries += 1) {
    const proxy = await attempt(name, addresses);
    if (proxy) return proxy;
  }
  throw new Error(`${name} found no port`);
}
