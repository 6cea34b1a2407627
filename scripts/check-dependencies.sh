#!/usr/bin/env bash
# Fails if docs/dependencies.md, the review of dependencies, does not name a direct one.
set -euo pipefail
cd "$(dirname "$0")/.."

crates() {
  sed -nE '/^\[(workspace\.)?((dev-|build-)?dependencies)\]/,/^\[/s/^([a-z0-9_-]+)(\.workspace)? *=.*/\1/p' Cargo.toml crates/*/Cargo.toml \
    bench/Cargo.toml docs/examples/rust/Cargo.toml | grep -v '^sigma-' | grep -vx 'refinery' | sort -u
}
packages() {
  node -e 'const p = require("./web/package.json"); console.log(Object.keys({ ...p.dependencies, ...p.devDependencies }).join("\n"))'
}
missing=$( { crates; packages; } | while read -r name; do
  grep -qF -- "\`$name\`" docs/dependencies.md || echo "$name"
done)
if [ -n "$missing" ]; then
  printf 'check-dependencies: docs/dependencies.md does not review %s\n' $missing >&2
  exit 1
fi
