//! Debian's Prometheus reads a server under load: every query of the dashboard returns data, and no alert is raised.

import { copyFile, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../support/sigma.mjs";
import { send } from "./http.mjs";
import { Load, makePeople } from "./load.mjs";
import { environment, makeDirectory, removeDirectory, run, start, until } from "./programs.mjs";
import { install } from "./sigma.mjs";

const operations = new URL("../../docs/operations/", import.meta.url).pathname;

/** What Grafana would put in place of variables. */
const filled = (query) =>
  query.replaceAll("$__rate_interval", "10s").replaceAll("$job", "sigma").replaceAll("$instance", ".*");

/** The queries of the dashboard, with the titles of their panels. */
async function queries() {
  const { panels } = JSON.parse(await readFile(join(operations, "dashboard.json"), "utf8"));
  return panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr: filled(expr) })));
}

export const drills = {
  async "monitoring: dashboard and alerts on Prometheus"() {
    const place = await makeDirectory("monitoring");
    const sigma = await install({ settings: {} });
    const metrics = `127.0.0.1:${await freePort()}`;
    // A collector that takes connections and never answers.
    const silent = createServer(() => {});
    await new Promise((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const more = {
      SIGMA__METRICS__LISTEN: metrics,
      SIGMA__TELEMETRY__ENDPOINT: `http://127.0.0.1:${silent.address().port}`,
      SIGMA__TELEMETRY__SAMPLE: "1.0",
    };
    const server = await sigma.serve({ more });
    let prometheus;
    try {
      for (const name of ["alerts.yml", "alerts.test.yml"]) await copyFile(join(operations, name), join(place, name));
      const checked = (...args) => run("promtool", args, { cwd: place, env: environment });
      await checked("check", "rules", "alerts.yml");
      await checked("test", "rules", "alerts.test.yml");
      const port = await freePort();
      const configuration = `global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [alerts.yml]
scrape_configs: [{ job_name: sigma, static_configs: [{ targets: ["${metrics}"] }] }]
`;
      await writeFile(join(place, "prometheus.yml"), configuration, { mode: 0o644 });
      await checked("check", "config", "prometheus.yml");
      const args = ["--config.file=prometheus.yml", "--storage.tsdb.path=data", `--web.listen-address=127.0.0.1:${port}`];
      prometheus = start("prometheus", args, { cwd: place, log: join(place, "prometheus.log"), asSelf: true });
      const ask = async (path) => JSON.parse((await send(`http://127.0.0.1:${port}/api/v1/${path}`)).text).data;
      await until("Prometheus answers", async () => (await send(`http://127.0.0.1:${port}/-/ready`)).status === 200);

      const { app, people } = await makePeople(sigma, 4);
      const load = new Load(sigma.issuer, app, people);
      load.start(4, 5);
      // Measures that need a query are taken every 15 seconds.
      await delay(20_000);
      const all = await queries();
      const empty = [];
      for (const { title, expr } of all) {
        const data = await ask(`query?query=${encodeURIComponent(expr)}`);
        if (!data?.result?.length) empty.push(`${title}: ${expr}`);
      }
      const { groups } = await ask("rules");
      const rules = groups.flatMap((group) => group.rules);
      const sick = rules.filter(({ health, state }) => health !== "ok" || state === "firing").map(({ name }) => name);
      await load.stop();
      const outcome = await load.verify(sigma.issuer);
      const begun = Date.now();
      await server.stop();
      const stopped = Date.now() - begun;
      for (const query of empty) console.error(`  no data: ${query}`);
      return {
        load,
        ...outcome,
        broken: outcome.broken + empty.length + sick.length,
        detail: `${all.length} queries, ${empty.length} without data; ${rules.length} alerts, not well: ${sick.join(" ") || "none"}; beside a collector that hangs; stopped within ${stopped} ms`,
      };
    } finally {
      await prometheus?.stop();
      await server.stop();
      silent.close();
      await sigma.remove();
      await removeDirectory(place);
    }
  },
};
