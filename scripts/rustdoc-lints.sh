#!/usr/bin/env bash
# Stands in for rustdoc in `cargo test --doc`, to check the documentation of a library against the dependencies that `make build` has
# compiled: `cargo doc` would check all of them once more, which takes minutes on a new machine.
set -euo pipefail

kept=(-D warnings --out-dir "$CARGO_TARGET_DIR/doc")
while [ $# -gt 0 ]; do
  case $1 in
    --test | --no-run | --nocapture) ;;
    --test-args | --test-run-directory | --test-runtool | --test-runtool-arg) shift ;;
    --test-*=*) ;;
    *) kept+=("$1") ;;
  esac
  shift
done
exec rustdoc "${kept[@]}"
