#!/usr/bin/env bash
# Builds the release binary of an earlier commit, in a work tree of its own, and prints its path. Without a commit it prints nothing.
#
#   scripts/previous.sh COMMIT
set -euo pipefail

[ $# -gt 0 ] || exit 0
root=$(cd "$(dirname "$0")/.." && pwd)
commit=$(git -C "$root" rev-parse --verify --quiet "$1^{commit}") || { echo "there is no commit $1" >&2; exit 1; }
target=${CARGO_TARGET_DIR:-$root/target}/previous
tree=$target/$commit
if [ ! -x "$tree/sigma" ]; then
  mkdir -p "$tree"
  git -C "$root" archive "$commit" | tar -x -C "$tree"
  (cd "$tree" && make web && CARGO_TARGET_DIR=$target/build cargo build --release --bin sigma) >&2
  cp "$target/build/release/sigma" "$tree/sigma"
fi
echo "$tree/sigma"
