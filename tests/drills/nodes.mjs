//! Two processes on one PostgreSQL: writes that meet are never refused, revocations travel within a second, and a pooler
//! that gives each transaction another connection changes nothing.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../support/sigma.mjs";
import { Load, makePeople } from "./load.mjs";
import { makeDirectory, removeDirectory, sql, start, startPostgres, until } from "./programs.mjs";
import { install } from "./sigma.mjs";

const SECONDS = Number(process.env.SIGMA_DRILL_SECONDS ?? 60);

async function onPostgres(work) {
  const directory = await makeDirectory("postgres");
  const postgres = await startPostgres(directory, await freePort());
  try {
    return await work(postgres, directory);
  } finally {
    await postgres.stop();
    await removeDirectory(directory);
  }
}

/** Both servers under load for `seconds`; whatever was refused counts as broken. */
async function twoNodes(sigma, seconds, load) {
  const first = await sigma.serve();
  const second = await sigma.serve({ at: await freePort() });
  const { app, people } = await makePeople(sigma, 32);
  const both = new Load([first.address, second.address], app, people);
  both.start(load);
  await delay(seconds * 1_000);
  await both.stop();
  const outcome = await both.verify(second.address);
  await Promise.all([first.stop(), second.stop()]);
  await sigma.remove();
  return {
    load: both,
    ...outcome,
    broken: outcome.broken + both.refusals,
    detail: `${Math.round(both.total / seconds)} writes/s for ${seconds} s`,
  };
}

/** PgBouncer in transaction mode before `database`. */
async function startPooler(directory, database, size) {
  const port = await freePort();
  const { hostname, port: databasePort } = new URL(database);
  const settings = `[databases]
postgres = host=${hostname} port=${databasePort} dbname=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${size}
max_client_conn = 400
`;
  const path = join(directory, `pgbouncer-${size}.ini`);
  await writeFile(path, settings.replace("dbname=postgres", "dbname=postgres user=sigma"));
  const pooler = start("pgbouncer", [path], { cwd: directory, log: join(directory, "pgbouncer.log") });
  const url = `postgres://sigma@127.0.0.1:${port}/postgres`;
  await until("PgBouncer answers", () => sql(url, "SELECT 1").then(() => true, () => false));
  return { url, stop: () => pooler.stop("SIGINT") };
}

function behindPooler(size) {
  return () =>
    onPostgres(async (postgres, directory) => {
      const pooler = await startPooler(directory, postgres.url, size);
      try {
        await sql(pooler.url, "CREATE TABLE neighbour (x BIGINT)");
        const settings = { SIGMA__STORE__POOLER: "transaction" };
        const drill = twoNodes(await install({ url: `${pooler.url}?sslmode=disable`, settings }), Math.min(SECONDS, 20), 16);
        let neighbour = 0;
        let done = false;
        const beside = (async () => {
          while (!done) {
            await sql(pooler.url, "INSERT INTO neighbour VALUES (1)").catch(() => (neighbour += 1));
            await delay(200);
          }
        })();
        const outcome = await drill.finally(() => (done = true));
        await beside;
        return { ...outcome, broken: outcome.broken + neighbour, detail: `${outcome.detail}; a neighbour failed ${neighbour} times` };
      } finally {
        await pooler.stop();
      }
    });
}

export const drills = {
  async "two nodes, 32 loops"() {
    return onPostgres(async (postgres) => {
      const settings = { SIGMA__STORE__CONNECTIONS: "8" };
      return twoNodes(await install({ url: postgres.url, settings }), SECONDS, 32);
    });
  },
  "PgBouncer by transaction, 1 connection": behindPooler(1),
  "PgBouncer by transaction, 20 connections": behindPooler(20),
};
