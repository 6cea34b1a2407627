//! Starts the real `sigma` binary on a free port with an empty database, and registers apps by its command line.

import { execFile, spawn } from "node:child_process";
import { randomBytes, randomInt } from "node:crypto";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The binary under test: set by `make`, by default that of `cargo build`. */
export const binary = process.env.SIGMA_BIN ?? new URL("../../target/debug/sigma", import.meta.url).pathname;

/** How long a server may take to answer, in milliseconds: a busy machine is slow, a broken one never gets there. */
export const PATIENCE = 60_000;

/**
 * A port that nobody listens on. It is not chosen by the kernel, whose range from 32768 on is also used for
 * outgoing connections, one of which could take it before the server.
 */
export async function freePort() {
  for (;;) {
    const port = randomInt(12_000, 32_000);
    const probe = createServer();
    const free = await new Promise((resolve) => {
      probe.once("error", () => resolve(false)).listen(port, "127.0.0.1", () => resolve(true));
    });
    if (!free) continue;
    await new Promise((resolve) => probe.close(resolve));
    return port;
  }
}

/** An empty database of the engine that SIGMA_TEST_STORE names: its URL, and how to drop it. */
export async function emptyDatabase(directory) {
  if ((process.env.SIGMA_TEST_STORE ?? "sqlite") === "sqlite") {
    return { url: `sqlite:${join(directory, "sigma.sqlite")}`, drop: async () => {} };
  }
  const server = process.env.SIGMA_TEST_POSTGRES;
  if (!server) throw new Error("SIGMA_TEST_POSTGRES is not set: run this by scripts/postgres.sh run");
  const name = `interop_${randomBytes(6).toString("hex")}`;
  const statement = (sql) => run("psql", [server, "--quiet", "--command", sql]);
  await statement(`CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => statement(`DROP DATABASE ${name} WITH (FORCE)`) };
}

/** Waits until `url` answers 200; fails with the server's output if it died instead. */
async function answers(url, child, output) {
  for (const deadline = Date.now() + PATIENCE; Date.now() < deadline; ) {
    if (child.exitCode !== null) throw new Error(`sigma ended with ${child.exitCode}:\n${output()}`);
    const response = await fetch(url).catch(() => null);
    if (response?.status === 200) return;
    await delay(50);
  }
  throw new Error(`${url} did not answer:\n${output()}`);
}

/** Starts `sigma ARGUMENTS` and keeps its output. */
export function launch(args, environment, cwd) {
  const child = spawn(binary, args, { cwd, env: { ...process.env, ...environment }, stdio: ["ignore", "pipe", "pipe"] });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (printed += text));
  const ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve(code ?? signal)));
  return {
    child,
    output: () => printed,
    /** Stops it with the signal that an operator would send; resolves to the exit code. */
    async stop() {
      if (child.exitCode === null) child.kill("SIGTERM");
      return ended;
    },
  };
}

/**
 * A running `sigma serve`. Rate limits are off, because all requests of a test come from one address.
 * @param settings environment variables that override the defaults
 */
export async function startSigma(settings = {}) {
  const directory = await mkdtemp(join(tmpdir(), "sigma-test-"));
  const database = await emptyDatabase(directory);
  const port = await freePort();
  const issuer = settings.SIGMA__ISSUER ?? `http://localhost:${port}`;
  const environment = {
    SIGMA__ISSUER: issuer,
    SIGMA__LISTEN: `127.0.0.1:${port}`,
    SIGMA__STORE__URL: database.url,
    SIGMA__MASTER_KEY__FILE: join(directory, "sigma.key"),
    SIGMA__LIMITS__ENABLED: "false",
    SIGMA__HTTP__DRAIN_SECONDS: "0",
    ...settings,
  };
  const server = launch(["serve"], environment, directory);
  const others = [];
  const stop = async () => {
    await Promise.all([server, ...others].map((process) => process.stop()));
    await database.drop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await answers(`${issuer}/healthz`, server.child, server.output);
  } catch (error) {
    await stop();
    throw error;
  }

  /** Runs an admin command alongside the server, with this standard input, and returns its output. */
  const adminWith = async (input, ...args) => {
    const env = { ...process.env, ...environment };
    const running = run(binary, [...args, "--json"], { cwd: directory, env });
    // A program that reads nothing may have ended by now.
    running.child.stdin.on("error", () => {});
    running.child.stdin.end(input);
    return JSON.parse((await running).stdout);
  };
  const admin = (...args) => adminWith("", ...args);

  /** The link in the mail to `address`. No mail server is configured, so mails are files. */
  const mailedLink = async (address) => {
    const folder = join(directory, "sigma-mails");
    for (let tries = 0; tries < 1_200; tries += 1) {
      // Files are first written under another name.
      const whole = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".eml"));
      for (const name of whole) {
        const mail = (await readFile(join(folder, name), "utf8")).replaceAll("\r\n", "\n");
        if (!mail.includes(`To: ${address}\n`)) continue;
        // Quoted-printable (RFC 2045 §6.7) breaks long lines.
        const [, link] = /^(https?:\S+)$/m.exec(mail.replaceAll("=\n", "").replaceAll("=3D", "=")) ?? [];
        if (link) return link;
      }
      await delay(50);
    }
    throw new Error(`no mail to ${address}:\n${server.output()}`);
  };

  /** Starts a second process on the same database, which must be PostgreSQL. Returns its address. */
  const beside = async () => {
    const own = await freePort();
    const other = launch(["serve"], { ...environment, SIGMA__LISTEN: `127.0.0.1:${own}` }, directory);
    others.push(other);
    await answers(`http://localhost:${own}/healthz`, other.child, other.output);
    return `http://localhost:${own}`;
  };

  return { issuer, environment, admin, adminWith, mailedLink, beside, stop, output: server.output };
}
