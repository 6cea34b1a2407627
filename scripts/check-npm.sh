#!/usr/bin/env bash
# Fails if npm could run install scripts of packages: third-party code, run with the builder's rights before anybody has
# reviewed it. Nothing here needs one.
set -euo pipefail
cd "$(dirname "$0")/.."

# Commands that install: npm's with their aliases, npx, and the other package managers.
installs='(npm( -[^ ]+( [^- ][^ ]*)?)* (ci|clean-install|i|in|ins|install|add|it|exec|update)|npx|yarn|pnpm|bunx?)'
found=$(git grep --untracked -nwE "$installs" -- . ':!*package-lock.json' ':!scripts/check-npm.sh' \
  | grep -vE -- '--ignore-scripts|npx --no' || true)
if [ -n "$found" ]; then
  printf '%s\n' "$found" 'check-npm: add --ignore-scripts' >&2
  exit 1
fi
