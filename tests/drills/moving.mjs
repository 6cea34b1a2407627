//! A database moves to the other engine under load, and the command that moves it is killed again and again.

import { spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { binary, freePort } from "../support/sigma.mjs";
import { Load, makePeople } from "./load.mjs";
import { environment, makeDirectory, removeDirectory, startPostgres } from "./programs.mjs";
import { install } from "./sigma.mjs";

const KILLS = 20;

/** Begins to move, and kills it after `milliseconds`; whether it had ended by itself. */
async function killedMove(sigma, to, milliseconds) {
  const child = spawn(binary, ["migrate", "--to", to], { cwd: sigma.directory, env: { ...environment, ...sigma.settings }, stdio: "ignore" });
  const ended = new Promise((resolve) => child.once("exit", (code) => resolve(code)));
  const late = setTimeout(() => child.kill("SIGKILL"), milliseconds);
  const code = await ended;
  clearTimeout(late);
  return code === 0;
}

async function moveOften(sigma, to) {
  const server = await sigma.serve();
  const { app, people } = await makePeople(sigma, 8);
  const load = new Load(sigma.issuer, app, people);
  load.start(8);
  await delay(4_000);
  let kills = 0;
  // The time until it is killed grows and starts over: it is hit while copying, while waiting and while comparing.
  for (; kills < KILLS; kills += 1) {
    if (await killedMove(sigma, to, 40 + 350 * (kills % 20))) break;
    await delay(100);
  }
  const done = await sigma.admin("migrate", "--to", to).catch((error) => error);
  await load.stop();
  const broken = [];
  if (kills < KILLS) broken.push(`it was done after ${kills} kills`);
  if (done instanceof Error && !/moved to another/.test(done.message)) broken.push(done.message);
  await server.stop();
  const moved = await install({ url: to, settings: { ...sigma.settings, SIGMA__STORE__URL: to }, directory: sigma.directory, issuer: sigma.issuer });
  const backups = await makeDirectory("backups");
  const [before, after] = [await sigma.admin("backup", "--to", backups), await delay(1_100).then(() => moved.admin("backup", "--to", backups))];
  const differing = before.checksums.filter((sum, place) => JSON.stringify(sum) !== JSON.stringify(after.checksums[place]));
  if (differing.length > 0) broken.push(`differing: ${differing.map((sum) => sum.table).join(" ")}`);
  const again = await moved.serve({ at: new URL(sigma.issuer).port });
  const outcome = await load.verify(sigma.issuer);
  await again.stop();
  await removeDirectory(backups);
  await sigma.remove();
  const rows = after.checksums.reduce((sum, table) => sum + table.rows, 0);
  return {
    load,
    ...outcome,
    broken: outcome.broken + broken.length,
    detail: `${kills} kills; ${rows} rows the same in both; ${broken.join("; ") || "nothing else"}`,
  };
}

async function withPostgres(work) {
  const directory = await makeDirectory("postgres");
  const postgres = await startPostgres(directory, await freePort());
  try {
    return await work(postgres.url);
  } finally {
    await postgres.stop();
    await removeDirectory(directory);
  }
}

export const drills = {
  "moving to PostgreSQL, killed 20 times"() {
    return withPostgres(async (url) => moveOften(await install(), url));
  },
  "moving to SQLite, killed 20 times"() {
    return withPostgres(async (url) => {
      const sigma = await install({ url });
      return moveOften(sigma, `sqlite:${join(sigma.directory, "moved.sqlite")}`);
    });
  },
};
