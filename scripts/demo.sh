#!/usr/bin/env bash
# Runs a command, the demo, with Google and GitHub played beside it: scripts/demo.sh cargo run --bin sigma -- demo
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

if ! command -v node >/dev/null || [ ! -d "$here/demo-provider/node_modules" ]; then
  echo 'The demo plays Google and GitHub only with Node.js: the sign-in page will offer neither.' >&2
  exec "$@"
fi
coproc PLAYED { exec node --no-warnings "$here/demo-provider/main.mjs"; }
played=$PLAYED_PID
trap 'kill "$played" 2>/dev/null || true' EXIT
if IFS= read -r -t 20 -u "${PLAYED[0]}" SIGMA__PROVIDERS; then
  export SIGMA__PROVIDERS
else
  echo 'Google and GitHub could not be played: the sign-in page will offer neither.' >&2
fi
"$@"
