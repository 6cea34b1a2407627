//! Python programs against the real server, with the packages of python/requirements.txt.

import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { PATIENCE } from "../support/sigma.mjs";

const bin = new URL("python/.venv/bin/", import.meta.url).pathname;
const examples = new URL("../../docs/examples/sign-in/", import.meta.url).pathname;

/**
 * Runs a program of the virtual environment to its end; returns what it printed. Fails with that when it fails.
 * @param input what it reads from standard input
 */
export async function python(program, args, { environment, input } = {}) {
  const path = bin + program;
  if (!existsSync(path)) throw new Error(`${path} is missing: make tests/interop/python/.venv/.installed`);
  const running = promisify(execFile)(path, args, { env: { ...process.env, ...environment } });
  // A program that reads nothing may have ended by now.
  running.child.stdin.on("error", () => {});
  running.child.stdin.end(input);
  return running;
}

/**
 * Starts a Flask app of docs/examples/sign-in on `port`.
 * @returns its origin, what it printed and how to stop it
 */
export async function startFlask(app, port, environment) {
  const child = spawn(`${bin}flask`, ["--app", app, "run", "--port", String(port)], {
    cwd: examples,
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (printed += text));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  let late;
  await new Promise((resolve, reject) => {
    late = setTimeout(() => reject(new Error(`flask is silent:\n${printed}`)), PATIENCE);
    child.stderr.on("data", () => printed.includes("Running on") && resolve());
    child.once("error", reject).once("exit", (code) => reject(new Error(`flask ended with ${code}:\n${printed}`)));
  }).finally(() => clearTimeout(late));
  const stop = () => (child.kill(), ended);
  return { origin: `http://127.0.0.1:${port}`, stop, output: () => printed };
}

