//! Programs under test: configured by files of docs/examples, in which only addresses and secrets are replaced.

import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { PATIENCE } from "../support/sigma.mjs";

const examples = new URL("../../docs/examples/", import.meta.url);

/** The text of an example with `replacements`; fails if one is missing in it, because then example and test have parted. */
export async function example(path, replacements) {
  let text = await readFile(new URL(path, examples), "utf8");
  for (const [from, to] of Object.entries(replacements)) {
    if (!text.includes(from)) throw new Error(`docs/examples/${path} has no ${from}`);
    text = text.replaceAll(from, to);
  }
  return text;
}

/** Writes `files` (names and texts) into a directory that ends with the test; returns its path. */
export async function directoryOf(t, files) {
  const directory = await mkdtemp(join(tmpdir(), "sigma-client-"));
  t.after(() => rm(directory, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  return directory;
}

/**
 * Starts a program, and ends it with the test. Resolves once `url` answers, whatever it answers.
 * @returns what it printed so far
 */
export async function start(t, url, command, args, options = {}) {
  const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (printed += text));
  const ended = new Promise((resolve) => child.once("exit", resolve).once("error", resolve));
  t.after(() => (child.kill(), ended));
  let failed;
  void ended.then((why) => (failed ??= why));
  for (const deadline = Date.now() + PATIENCE; Date.now() < deadline; await delay(50)) {
    if (failed !== undefined) throw new Error(`${command} ended with ${failed}:\n${printed}`);
    if (await fetch(url, { redirect: "manual" }).catch(() => null)) return () => printed;
  }
  throw new Error(`${command} did not answer:\n${printed}`);
}
