#!/usr/bin/env bash
# The RUSTC_WORKSPACE_WRAPPER of `make test`: compiles with Clippy, so that what is built is linted. A library is compiled twice, by itself
# and together with its unit tests, which contains all of it: only the second time is linted.
set -euo pipefail
is_library=false
for argument in "$@"; do
  case "$argument" in
    --test) exec clippy-driver "$@" ;;
    lib) is_library=true ;;
  esac
done
if "$is_library"; then
  exec "$@" -Dwarnings
fi
exec clippy-driver "$@"
