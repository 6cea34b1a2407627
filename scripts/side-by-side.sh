#!/usr/bin/env bash
# Runs commands, each a line of shell, in parallel. Shows the output of the last one as it runs, and that of the others when all
# have ended. Fails if one of them failed.
#
#   scripts/side-by-side.sh 'make interop proxy' 'make browser'
set -euo pipefail

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
trap 'exit 130' INT TERM

pids=()
for command in "${@:1:$#-1}"; do
  bash -euo pipefail -c "$command" >"$directory/${#pids[@]}" 2>&1 &
  pids+=($!)
done

status=0
bash -euo pipefail -c "${*: -1}" || status=$?
for number in "${!pids[@]}"; do
  wait "${pids[number]}" || status=$?
  cat "$directory/$number"
done
exit "$status"
