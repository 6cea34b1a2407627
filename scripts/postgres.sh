#!/usr/bin/env bash
# A throw-away PostgreSQL on a free port of the loopback address, for tests.
#
#   scripts/postgres.sh run COMMAND…   starts one, runs COMMAND with its URL in SIGMA_TEST_POSTGRES, removes it
#   scripts/postgres.sh start          starts one, prints its directory and its URL
#   scripts/postgres.sh stop DIRECTORY stops and removes it
set -euo pipefail

bin=$(compgen -G '/usr/lib/postgresql/*/bin' | sort -V | tail -n 1) || {
  echo "postgres: not installed; run scripts/install-test-deps.sh" >&2
  exit 1
}

# The server refuses to run as root, so root switches to the user that the Debian package created.
as_server() {
  if [ "$(id -u)" -eq 0 ]; then
    (cd / && setpriv --reuid=postgres --regid=postgres --init-groups --reset-env "$@")
  else
    "$@"
  fi
}

free_port() {
  node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); });'
}

start() {
  directory=$(mktemp -d "$("$(dirname "${BASH_SOURCE[0]}")/scratch.sh")/sigma-postgres.XXXXXX")
  [ "$(id -u)" -ne 0 ] || chown postgres "$directory"
  as_server "$bin/initdb" --pgdata "$directory/data" --username postgres --auth trust --encoding UTF8 --locale C.UTF-8 \
    --no-sync >"$directory.log"
  # Its data need not survive a crash, so nothing is synced. Another process may take the port in between: try again.
  for _ in 1 2 3 4 5; do
    port=$(free_port)
    if as_server "$bin/pg_ctl" --pgdata "$directory/data" --log "$directory/server.log" --wait start --options \
      "-p $port -k $directory -c listen_addresses=127.0.0.1 -c max_connections=400 -c fsync=off -c full_page_writes=off -c max_wal_size=256MB" \
      >>"$directory.log"; then
      url="postgres://postgres@127.0.0.1:$port/postgres"
      return
    fi
  done
  cat "$directory/server.log" >&2
  stop "$directory"
  exit 1
}

stop() {
  as_server "$bin/pg_ctl" --pgdata "$1/data" --mode immediate stop >/dev/null 2>&1 || true
  rm -rf "$1" "$1.log"
}

case "${1:-}" in
  run)
    shift
    start
    trap 'stop "$directory"' EXIT
    trap 'exit 130' INT TERM
    SIGMA_TEST_POSTGRES="$url" "$@"
    ;;
  start)
    start
    echo "$directory"
    echo "$url"
    ;;
  stop) stop "${2:?which directory?}" ;;
  *)
    sed -n '2,7s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
