#!/usr/bin/env bash
# The directory for what tests write: in memory where there is room, because they make and delete files by the ten thousand.
set -euo pipefail
memory=/dev/shm
needed_kib=$((4 * 1024 * 1024))
if [ -n "${TMPDIR:-}" ]; then
  echo "$TMPDIR"
elif [ "$(stat --file-system --format %T "$memory" 2>/dev/null)" = tmpfs ] && [ -w "$memory" ] &&
  [ "$(df --output=avail "$memory" | tail -n 1)" -ge "$needed_kib" ]; then
  echo "$memory"
else
  echo /tmp
fi
