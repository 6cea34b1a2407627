#!/usr/bin/env bash
# Fails where npm would run the install scripts of packages: code of strangers, run as whoever builds, before anybody
# looks at it. Nothing here needs one.
set -euo pipefail
cd "$(dirname "$0")/.."

# What installs: npm's commands with their short names, npx, and the other package managers.
installs='(npm( -[^ ]+( [^- ][^ ]*)?)* (ci|clean-install|i|in|ins|install|add|it|exec|update)|npx|yarn|pnpm|bunx?)'
found=$(git grep --untracked -nwE "$installs" -- . ':!*package-lock.json' ':!scripts/check-npm.sh' \
  | grep -vE -- '--ignore-scripts|npx --no' || true)
if [ -n "$found" ]; then
  printf '%s\n' "$found" 'check-npm: add --ignore-scripts' >&2
  exit 1
fi
