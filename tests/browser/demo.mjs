//! `sigma demo`, as `make run` starts it, on free ports, and on the engine that SIGMA_TEST_STORE names.

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { PATIENCE, binary, emptyDatabase, freePort, launch } from "../support/sigma.mjs";

/**
 * Starts the demo, with `more` in its environment; returns the origins of the server and of the Playground, the folder of
 * its mails, and how to run an admin command. Limits are off: all callers have one address.
 */
export async function startDemo(more = {}) {
  const directory = await mkdtemp(join(tmpdir(), "sigma-demo-"));
  const database = await emptyDatabase(join(directory, "data"));
  const port = await freePort();
  const playgroundPort = await freePort();
  const environment = { SIGMA__LIMITS__ENABLED: "false", ...more };
  const ports = ["--port", String(port), "--playground-port", String(playgroundPort)];
  const store = database.url.startsWith("postgres") ? ["--postgres", database.url] : [];
  const demo = launch(["demo", "--data", join(directory, "data"), ...ports, ...store], environment, directory);
  const mails = join(directory, "data", "mails");
  /** Runs an admin command beside the demo, with `input` on its standard input. */
  const admin = async (input, ...args) => {
    const env = {
      ...process.env,
      SIGMA__STORE__URL: database.url,
      SIGMA__MASTER_KEY__FILE: join(directory, "data", "sigma.key"),
      SIGMA__OBJECTS__FOLDER: join(directory, "data", "objects"),
    };
    const child = spawn(binary, args, { cwd: directory, env, stdio: ["pipe", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (said += text));
    // A program that reads nothing may have ended by now.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
    const code = await new Promise((resolve) => child.once("exit", resolve));
    if (code !== 0) throw new Error(`sigma ${args.join(" ")} ended with ${code}:\n${said}`);
  };
  const stop = async () => {
    const code = await demo.stop();
    await database.drop();
    await rm(directory, { recursive: true, force: true });
    return code;
  };
  for (const deadline = Date.now() + PATIENCE; Date.now() < deadline; ) {
    // It prints the server's address first, then the Playground's.
    const [server, playground] = demo.output().match(/http:\/\/[\w.]+:\d+/g) ?? [];
    const up = async (url) => (await fetch(url).catch(() => null))?.ok;
    if (playground && (await up(server)) && (await up(playground))) {
      return { server, playground, mails, admin, stop, output: demo.output };
    }
    if (demo.child.exitCode !== null) break;
    await delay(50);
  }
  await stop();
  throw new Error(`the demo did not start:\n${demo.output()}`);
}
