//! Sigma's own processes: one installation, any number of servers, each killed, stopped and started again at will.

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { binary, freePort } from "../support/sigma.mjs";
import { send } from "./http.mjs";
import { environment, makeDirectory, removeDirectory, start, until } from "./programs.mjs";

/**
 * An installation on the database at `url`; without one, on a database file. `settings` override the defaults. Its servers and
 * commands are of the version `program`.
 */
export async function install({ url, settings = {}, directory, issuer, program = binary } = {}) {
  const usual = program;
  const own = directory ?? (await makeDirectory("sigma"));
  const port = await freePort();
  const shared = {
    SIGMA__ISSUER: issuer ?? `http://localhost:${port}`,
    SIGMA__STORE__URL: url ?? `sqlite:${join(own, "sigma.sqlite")}`,
    SIGMA__MASTER_KEY__VALUE: randomBytes(32).toString("base64"),
    SIGMA__LIMITS__ENABLED: "false",
    SIGMA__LOG__ACCESS: "false",
    ...settings,
  };

  async function adminWith(input, ...args) {
    const child = spawn(usual, [...args, "--json"], { cwd: own, env: { ...environment, ...shared } });
    let [printed, complained] = ["", ""];
    child.stdout.on("data", (text) => (printed += text));
    child.stderr.on("data", (text) => (complained += text));
    // A program that reads nothing may have ended by now.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
    const code = await new Promise((resolve) => child.once("close", resolve));
    if (code !== 0) throw new Error(`sigma ${args.join(" ")}: ${code} ${complained}`);
    return JSON.parse(printed);
  }

  /** Starts a server; it answers at `address`. `log` is a path. */
  async function serve({ at = port, log = join(own, `sigma-${at}.log`), wait = true, more = {}, program = usual } = {}) {
    const address = `http://localhost:${at}`;
    const process = start(program, ["serve"], {
      cwd: own,
      log,
      env: { ...shared, SIGMA__LISTEN: `127.0.0.1:${at}`, ...more },
      asSelf: true,
    });
    const ready = () =>
      until(`${address} answers`, async () => {
        if (process.child.exitCode !== null) throw new Error(`sigma ended: ${await process.said()}`);
        return (await send(`${address}/healthz`, { patience: 2_000 })).status === 200;
      });
    if (wait) await ready();
    return { ...process, address, at, ready, kill: () => process.stop("SIGKILL") };
  }

  return {
    issuer: shared.SIGMA__ISSUER,
    directory: own,
    settings: shared,
    serve,
    adminWith,
    admin: (...args) => adminWith("", ...args),
    remove: () => removeDirectory(own),
  };
}
