//! PostgreSQL under Patroni with etcd, synchronous: the leader is killed, and frozen. Sigma reaches it by both hosts'
//! addresses, and behind haproxy.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../support/sigma.mjs";
import { send } from "./http.mjs";
import { Load, makePeople } from "./load.mjs";
import { makeDirectory, postgresBin, removeDirectory, run, sql, start, until } from "./programs.mjs";
import { install } from "./sigma.mjs";

async function startEtcd(directory) {
  const [client, peer] = [await freePort(), await freePort()];
  const own = `http://127.0.0.1:${client}`;
  const peers = `http://127.0.0.1:${peer}`;
  const etcd = start(
    "etcd",
    ["--data-dir", join(directory, "etcd"), "--listen-client-urls", own, "--advertise-client-urls", own, "--enable-v2=true"]
      .concat(["--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers, "--initial-cluster", `default=${peers}`]),
    { cwd: directory, log: join(directory, "etcd.log") },
  );
  await until("etcd answers", async () => (await send(`${own}/health`)).status === 200);
  return { address: `127.0.0.1:${client}`, stop: () => etcd.stop() };
}

async function startMember(directory, name, etcd) {
  const [port, api] = [await freePort(), await freePort()];
  const settings = {
    scope: "sigma",
    name,
    restapi: { listen: `127.0.0.1:${api}`, connect_address: `127.0.0.1:${api}` },
    etcd3: { host: etcd },
    bootstrap: {
      dcs: { ttl: 20, loop_wait: 5, retry_timeout: 5, synchronous_mode: true, postgresql: { use_pg_rewind: true } },
      initdb: [{ encoding: "UTF8" }, { locale: "C.UTF-8" }],
      pg_hba: ["host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust", "local all all trust"],
    },
    postgresql: {
      listen: `127.0.0.1:${port}`,
      connect_address: `127.0.0.1:${port}`,
      data_dir: join(directory, name),
      bin_dir: postgresBin,
      authentication: { superuser: { username: "postgres" }, replication: { username: "replicator" } },
      parameters: { unix_socket_directories: directory },
    },
  };
  // YAML is a superset of JSON.
  const path = join(directory, `${name}.yml`);
  await writeFile(path, JSON.stringify(settings));
  const member = start("patroni", [path], { cwd: directory, log: join(directory, `${name}.log`), env: { HOME: directory } });
  const is = async (role) => (await send(`http://127.0.0.1:${api}/${role}`, { patience: 1_000 })).status === 200;
  return { name, port, api, member, is };
}

async function startCluster() {
  const directory = await makeDirectory("patroni");
  const etcd = await startEtcd(directory);
  const members = [await startMember(directory, "one", etcd.address)];
  await until("a leader", () => members[0].is("primary"), 90);
  members.push(await startMember(directory, "two", etcd.address));
  await until("a synchronous replica", () => members[1].is("synchronous"), 90);
  return {
    directory,
    members,
    async stop() {
      for (const { member } of members) await member.stop("SIGKILL");
      await etcd.stop();
      await run("pkill", ["-9", "-f", directory]).catch(() => {});
      await removeDirectory(directory);
    },
  };
}

/** haproxy before the members, which leads to whoever Patroni says is the leader. */
async function startBalancer(directory, members) {
  const port = await freePort();
  const servers = members.map(({ name, port: own, api }) => `server ${name} 127.0.0.1:${own} check port ${api}`);
  await writeFile(
    join(directory, "haproxy.cfg"),
    `defaults
  mode tcp
  timeout connect 2s
  timeout client 1h
  timeout server 1h
  timeout check 2s
frontend front
  bind 127.0.0.1:${port}
  default_backend leader
backend leader
  option httpchk GET /primary
  default-server inter 1s fall 2 rise 1 on-marked-down shutdown-sessions
  ${servers.join("\n  ")}
`,
  );
  const balancer = start("haproxy", ["-db", "-f", join(directory, "haproxy.cfg")], {
    cwd: directory,
    log: join(directory, "haproxy.log"),
  });
  return { port, stop: () => balancer.stop() };
}

/** The processes of PostgreSQL whose data lie in the member's directory, and their children. */
async function postgresOf(directory, { name }) {
  const { stdout } = await run("pgrep", ["-f", `^${postgresBin}/postgres -D ${join(directory, name)}`]);
  const [postmaster] = stdout.trim().split("\n");
  const children = await run("pgrep", ["-P", postmaster]).then(({ stdout: list }) => list.trim().split("\n"), () => []);
  return [postmaster, ...children].map(Number);
}

const faults = {
  async kill(cluster, leader) {
    const processes = await postgresOf(cluster.directory, leader);
    leader.member.signal("SIGKILL");
    for (const pid of processes) process.kill(pid, "SIGKILL");
    return () => {};
  },
  async freeze(cluster, leader) {
    const processes = await postgresOf(cluster.directory, leader);
    leader.member.signal("SIGSTOP");
    for (const pid of processes) process.kill(pid, "SIGSTOP");
    return () => {
      for (const pid of processes) {
        try {
          process.kill(pid, "SIGCONT");
        } catch {
          // It has ended.
        }
      }
    };
  },
};

function failover(fault, viaBalancer) {
  return async () => {
    const cluster = await startCluster();
    const balancer = viaBalancer ? await startBalancer(cluster.directory, cluster.members) : undefined;
    const hosts = viaBalancer ? [balancer.port] : cluster.members.map(({ port }) => port);
    const url = `postgres://postgres@${hosts.map((port) => `127.0.0.1:${port}`).join(",")}/postgres?sslmode=disable`;
    try {
      await until("the database answers", () => sql(url.replace("sslmode", "target_session_attrs=read-write&sslmode"), "SELECT 1").then(() => true, () => false));
      const sigma = await install({ url });
      const server = await sigma.serve();
      const { app, people } = await makePeople(sigma, 8);
      const load = new Load(sigma.issuer, app, people);
      load.start(8, 10);
      await delay(3_000);
      const [leader, replica] = (await cluster.members[0].is("primary")) ? cluster.members : [...cluster.members].reverse();
      const begun = Date.now();
      const undo = await faults[fault](cluster, leader);
      let promoted;
      until("a promotion", () => replica.is("primary"), 120).then(() => (promoted = (Date.now() - begun) / 1_000), () => {});
      const before = load.total;
      await until("writes are taken again", () => promoted !== undefined && load.total > before + 50, 120);
      const away = load.longestPause();
      await delay(2_000);
      await load.stop();
      const outcome = await load.verify(sigma.issuer);
      undo();
      await server.stop();
      await sigma.remove();
      return { load, ...outcome, detail: `promoted after ${promoted.toFixed(1)} s, writes away ${away.toFixed(1)} s` };
    } finally {
      await balancer?.stop();
      await cluster.stop();
    }
  };
}

export const drills = {
  "leader killed, both hosts in the address": failover("kill", false),
  "leader killed, behind haproxy": failover("kill", true),
  "leader frozen, both hosts in the address": failover("freeze", false),
  "leader frozen, behind haproxy": failover("freeze", true),
};
