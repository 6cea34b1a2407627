//! kill -9 in the middle of load, several times, on either engine.

import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../support/sigma.mjs";
import { Load, makePeople } from "./load.mjs";
import { makeDirectory, removeDirectory, startPostgres } from "./programs.mjs";
import { install } from "./sigma.mjs";

const KILLS = 10;

async function killOften(sigma) {
  let server = await sigma.serve();
  const { app, people } = await makePeople(sigma, 8);
  const load = new Load(sigma.issuer, app, people);
  load.start(16);
  const starts = [];
  for (let kill = 0; kill < KILLS; kill += 1) {
    await delay(700 + 150 * (kill % 4));
    await server.kill();
    const begun = Date.now();
    server = await sigma.serve();
    starts.push(Date.now() - begun);
  }
  await delay(500);
  await load.stop();
  const outcome = await load.verify(sigma.issuer);
  await server.stop();
  await sigma.remove();
  return { load, ...outcome, detail: `${KILLS} kills, first answer after at most ${Math.max(...starts)} ms` };
}

export const drills = {
  async "kill -9, SQLite"() {
    return killOften(await install());
  },
  async "kill -9, PostgreSQL"() {
    const directory = await makeDirectory("postgres");
    const postgres = await startPostgres(directory, await freePort());
    try {
      return await killOften(await install({ url: postgres.url }));
    } finally {
      await postgres.stop();
      await removeDirectory(directory);
    }
  },
};
