//! Two servers of the version before behind a proxy, replaced one after the other under load. While both versions run side by side,
//! the older one works on the database that the newer one has migrated.

import { setTimeout as delay } from "node:timers/promises";
import { binary, freePort } from "../support/sigma.mjs";
import { Load, makePeople } from "./load.mjs";
import { makeDirectory, removeDirectory, startPostgres } from "./programs.mjs";
import { startNginx } from "./proxies.mjs";
import { install } from "./sigma.mjs";

/** The binary of the version before: `make drills PREVIOUS=COMMIT` builds it. */
const previous = process.env.SIGMA_PREVIOUS;

export const drills = {
  async "rolling upgrade, two nodes"() {
    if (!previous) throw new Error("say which version comes before: make drills PREVIOUS=COMMIT");
    const directory = await makeDirectory("upgrade");
    const postgres = await startPostgres(directory, await freePort());
    const ports = [await freePort(), await freePort()];
    const issuer = `http://localhost:${ports[0]}`;
    const settings = { SIGMA__HTTP__DRAIN_SECONDS: "3" };
    const sigma = await install({ url: postgres.url, issuer, settings, program: previous });
    const servers = [await sigma.serve({ at: ports[0] }), await sigma.serve({ at: ports[1] })];
    const proxy = await startNginx(directory, ports.map((port) => `127.0.0.1:${port}`));
    try {
      const { app, people } = await makePeople(sigma, 8);
      const load = new Load(proxy.address, app, people);
      load.start(8, 5);
      for (const [number, port] of ports.entries()) {
        await delay(3_000);
        await servers[number].stop();
        servers[number] = await sigma.serve({ at: port, program: binary });
      }
      await delay(3_000);
      await load.stop();
      const outcome = await load.verify(servers[0].address);
      return { load, ...outcome, detail: "both servers replaced" };
    } finally {
      await proxy.stop();
      await Promise.all(servers.map((server) => server.stop()));
      await postgres.stop();
      await sigma.remove();
      await removeDirectory(directory);
    }
  },
};
