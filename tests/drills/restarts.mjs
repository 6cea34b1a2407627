//! Two servers behind a proxy, restarted one after the other under load; and what a proxy's kept-alive connection is worth
//! after some idleness.

import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../support/sigma.mjs";
import { connections, send } from "./http.mjs";
import { Load, makePeople } from "./load.mjs";
import { makeDirectory, removeDirectory, startPostgres } from "./programs.mjs";
import { startHaproxy, startNginx } from "./proxies.mjs";
import { install } from "./sigma.mjs";

const ROUNDS = 2;

function rollingRestart(startProxy) {
  return async () => {
    const directory = await makeDirectory("rolling");
    const postgres = await startPostgres(directory, await freePort());
    const ports = [await freePort(), await freePort()];
    const issuer = `http://localhost:${ports[0]}`;
    const sigma = await install({ url: postgres.url, issuer, settings: { SIGMA__HTTP__DRAIN_SECONDS: "3" } });
    const servers = [await sigma.serve({ at: ports[0] }), await sigma.serve({ at: ports[1] })];
    const proxy = await startProxy(directory, ports.map((port) => `127.0.0.1:${port}`));
    try {
      const { app, people } = await makePeople(sigma, 8);
      const load = new Load(proxy.address, app, people);
      load.start(8, 5);
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const [number, port] of ports.entries()) {
          await delay(3_000);
          await servers[number].stop();
          servers[number] = await sigma.serve({ at: port });
        }
      }
      await delay(2_000);
      await load.stop();
      const outcome = await load.verify(servers[0].address);
      return { load, ...outcome, detail: `${2 * ROUNDS} restarts` };
    } finally {
      await proxy.stop();
      await Promise.all(servers.map((server) => server.stop()));
      await postgres.stop();
      await sigma.remove();
      await removeDirectory(directory);
    }
  };
}

/** GET, then POST to the token endpoint after `seconds` in which nothing went over the connections to the server. */
function idleConnections(seconds, pairs) {
  return async () => {
    const directory = await makeDirectory("idle");
    const sigma = await install();
    const server = await sigma.serve();
    const { app } = await makePeople(sigma, 1);
    const authorization = `Basic ${Buffer.from(`${app.client_id}:${app.client_secret}`).toString("base64")}`;
    const statuses = {};
    const pair = async (number) => {
      // Each a proxy of its own, with one connection to the server, which nobody else uses meanwhile.
      const agent = connections(1);
      const own = await makeDirectory("idle-nginx");
      const proxy = await startNginx(own, [`127.0.0.1:${server.at}`], 1);
      await delay(number % 7);
      await send(`${proxy.address}/healthz`, { agent });
      await delay(seconds * 1_000 + (number % 9) - 4);
      const form = { grant_type: "refresh_token", refresh_token: "unknown" };
      const answer = await send(`${proxy.address}/api/auth/oauth2/token`, { form, headers: { authorization }, agent });
      statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
      agent.destroy();
      await proxy.stop();
      await removeDirectory(own);
    };
    for (let first = 0; first < pairs; first += 50) {
      await Promise.all(Array.from({ length: Math.min(50, pairs - first) }, (_, number) => pair(first + number)));
    }
    await server.stop();
    await sigma.remove();
    await removeDirectory(directory);
    // The token is unknown, so 400 is the right answer, and it is the server's.
    const right = statuses[400] ?? 0;
    return { lost: 0, undone: 0, broken: pairs - right, detail: `${right} of ${pairs} right: ${JSON.stringify(statuses)}` };
  };
}

export const drills = {
  "rolling restart behind nginx": rollingRestart(startNginx),
  "rolling restart behind haproxy": rollingRestart(startHaproxy),
  "nginx after 10 s of idleness": idleConnections(10, 200),
  "nginx after 59 s of idleness": idleConnections(59, 200),
};
