//! nginx and haproxy in front of one or two servers.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../support/sigma.mjs";
import { send } from "./http.mjs";
import { start, until } from "./programs.mjs";

async function begin(name, args, directory, port) {
  const program = start(name, args, { cwd: directory, log: join(directory, `${name}.log`) });
  const address = `http://127.0.0.1:${port}`;
  await until(`${name} answers`, async () => (await send(`${address}/healthz`)).status === 200);
  return { address, stop: () => program.stop("SIGTERM") };
}

/** nginx as docs/operations.md has it, without TLS; `keepalive` connections are kept to each server. */
export async function startNginx(directory, servers, keepalive = 32) {
  const port = await freePort();
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  await writeFile(
    join(directory, "nginx.conf"),
    `daemon off;
worker_processes 1;
pid ${directory}/nginx.pid;
error_log stderr notice;
events {}
http {
  access_log off;
  ${temporary.map((kind) => `${kind}_temp_path ${directory}/${kind};`).join("\n  ")}
  upstream sigma {
    ${servers.map((server) => `server ${server} max_fails=0;`).join("\n    ")}
    keepalive ${keepalive};
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://sigma;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
    }
  }
}
`,
  );
  return begin("nginx", ["-p", directory, "-e", "stderr", "-c", join(directory, "nginx.conf")], directory, port);
}

/** haproxy with readiness checks of each server. */
export async function startHaproxy(directory, servers) {
  const port = await freePort();
  await writeFile(
    join(directory, "haproxy.cfg"),
    `global
  log stderr local0 notice
defaults
  mode http
  timeout connect 2s
  timeout client 75s
  timeout server 30s
  option redispatch
  retries 2
frontend front
  bind 127.0.0.1:${port}
  default_backend sigma
backend sigma
  option httpchk GET /readyz
  default-server inter 500ms fall 2 rise 1
  ${servers.map((server, number) => `server s${number} ${server} check`).join("\n  ")}
`,
  );
  return begin("haproxy", ["-db", "-f", join(directory, "haproxy.cfg")], directory, port);
}
