//! A full disk that holds database and log.

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Load, makePeople } from "./load.mjs";
import { makeDirectory, removeDirectory, run, until } from "./programs.mjs";
import { send } from "./http.mjs";
import { install } from "./sigma.mjs";

export const drills = {
  async "full disk, with the log on it"() {
    const place = await makeDirectory("disk");
    await run("mount", ["-t", "tmpfs", "-o", "size=32m,mode=0777", "tmpfs", place]);
    try {
      const sigma = await install({ directory: place, settings: { SIGMA__LOG__ACCESS: "true" } });
      let server = await sigma.serve();
      const { app, people } = await makePeople(sigma, 8);
      const load = new Load(sigma.issuer, app, people);
      load.start(8, 2);
      await delay(1_500);
      const before = load.total;
      await run("bash", ["-c", `dd if=/dev/zero of='${place}/ballast' bs=64k 2>/dev/null; true`]);
      await until("writes are refused", () => load.refusals > 20);
      await delay(2_000);
      const health = await send(`${sigma.issuer}/readyz`);
      const alive = server.child.exitCode === null;
      await rm(join(place, "ballast"));
      const freed = Date.now();
      if (!alive) server = await sigma.serve();
      const refusedUntil = load.total;
      await until("writes are taken again", () => load.total > refusedUntil + 20);
      const healed = Date.now() - freed;
      await delay(1_000);
      await load.stop();
      const outcome = await load.verify(sigma.issuer);
      await server.stop();
      const wrong = health.status !== 503 || !alive ? 1 : 0;
      return {
        load,
        ...outcome,
        broken: outcome.broken + wrong,
        detail: `${before} before; probe ${health.status} while full; process ${alive ? "stayed" : "ended"}; healed after ${healed} ms`,
      };
    } finally {
      await run("umount", ["-l", place]);
      await removeDirectory(place);
    }
  },
};
