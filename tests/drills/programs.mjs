//! Programs that a drill starts and stops, as an unprivileged user where the drill runs as root.

import { execFile, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { chown, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

export const run = promisify(execFile);

const isRoot = process.getuid() === 0;
/** The Debian package of PostgreSQL makes this user; Patroni, etcd and PgBouncer refuse to be root, or need not be. */
const postgresUser = isRoot
  ? await run("id", ["-u", "postgres"]).then(async ({ stdout: uid }) => ({
      uid: Number(uid),
      gid: Number((await run("id", ["-g", "postgres"])).stdout),
    }))
  : {};

const [bin] = (await run("bash", ["-c", "compgen -G '/usr/lib/postgresql/*/bin' | sort -rV"])).stdout.trim().split("\n");

export const environment = { ...process.env, PATH: `${bin}:/usr/sbin:${process.env.PATH}` };
export const postgresBin = bin;

/** A directory of one drill, gone with it. */
export async function makeDirectory(name) {
  const path = await mkdtemp(join(tmpdir(), `sigma-drill-${name}-`));
  if (isRoot) await chown(path, postgresUser.uid, postgresUser.gid);
  return path;
}

export function removeDirectory(path) {
  return rm(path, { recursive: true, force: true });
}

const started = new Set();

/** Starts a program in a process group of its own, with its output in `log`. */
export function start(command, args, { cwd, log, env = {}, asSelf = false }) {
  const file = openSync(log, "a");
  const child = spawn(command, args, {
    cwd,
    detached: true,
    env: { ...environment, ...env },
    stdio: ["ignore", file, file],
    ...(asSelf ? {} : postgresUser),
  });
  closeSync(file);
  started.add(child);
  const ended = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(code ?? signal));
  });
  ended.finally(() => started.delete(child)).catch(() => {});
  const signal = (name) => {
    try {
      process.kill(-child.pid, name);
    } catch {
      // It has ended.
    }
  };
  return {
    child,
    ended,
    signal,
    said: () => readFile(log, "utf8"),
    async stop(name = "SIGTERM") {
      signal("SIGCONT");
      signal(name);
      const late = setTimeout(() => signal("SIGKILL"), 20_000);
      const code = await ended;
      clearTimeout(late);
      return code;
    },
  };
}

/** Nothing of a drill outlives it, even if interrupted. */
function endAll() {
  for (const child of started) {
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // It has ended.
    }
  }
}
process.once("exit", endAll);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));

/** Waits until `happened` returns true, at most `seconds`. */
export async function until(what, happened, seconds = 60) {
  for (const deadline = Date.now() + seconds * 1_000; Date.now() < deadline; ) {
    if (await happened()) return;
    await delay(50);
  }
  throw new Error(`${what}: not within ${seconds} s`);
}

/** Runs an SQL statement and returns its first column as text. */
export async function sql(url, statement) {
  const { stdout } = await run("psql", [url, "-qAtX", "-c", statement], { env: environment });
  return stdout.trim();
}

/** A PostgreSQL that writes to its disk as one in production does. */
export async function startPostgres(directory, port, options = "") {
  const data = join(directory, "data");
  await run("initdb", ["-D", data, "-U", "sigma", "-A", "trust", "-E", "UTF8", "--locale", "C.UTF-8"], {
    env: environment,
    ...postgresUser,
    cwd: directory,
  });
  const server = start("postgres", ["-D", data, "-p", port, "-k", directory, "-h", "127.0.0.1", ...options.split(" ").filter(Boolean)], {
    cwd: directory,
    log: join(directory, "postgres.log"),
  });
  const url = `postgres://sigma@127.0.0.1:${port}/postgres`;
  await until("PostgreSQL answers", () => sql(url, "SELECT 1").then(() => true, () => false));
  return { url, stop: () => server.stop("SIGINT"), kill: () => server.stop("SIGKILL"), server };
}
