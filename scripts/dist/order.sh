#!/usr/bin/env bash
# Makes scripts/dist/order.txt anew: the functions that the server runs when it starts and under the workloads of `make bench`.
#
#   scripts/dist/order.sh [DIRECTORY]
#
# DIRECTORY has `sigma` with its symbols, and `sigma-bench`, both as build.sh makes them; without it they are built. The server runs under
# valgrind, whose threads take turns, so this takes some ten minutes besides the build, and up to half an hour on a busy machine.
. "$(dirname "$0")/common.sh"
here=$repository/scripts/dist
for tool in valgrind callgrind_control curl; do
  command -v "$tool" >/dev/null || { echo "order: $tool is missing (apt-get install valgrind curl)" >&2; exit 1; }
done
directory=${1:+$(realpath "$1")}
# As build.sh does, which takes a relative CARGO_TARGET_DIR from here.
cd "$repository"
if [ -z "$directory" ]; then
  export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$repository/target}/order-build
  unset CARGO_BUILD_TARGET
  make -C "$repository" web >&2
  CARGO_PROFILE_DIST_STRIP=none "$here/build.sh" --package sigma --package sigma-bench
  directory=$CARGO_TARGET_DIR/dist
fi
program=$(realpath "$directory")/sigma
bench=$(realpath "$directory")/sigma-bench
nm "$program" 2>/dev/null | grep ' _R.*12sigma_server' >/dev/null || { echo "order: $program has no symbols of the mangling v0" >&2; exit 1; }

scratch=$(mktemp -d /var/tmp/sigma-order.XXXXXX)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$scratch"' EXIT
mkdir "$scratch/starts" "$scratch/profiles" "$scratch/home"
cat >"$scratch/sigma" <<END
#!/bin/sh
echo \$\$ >>'$scratch/processes'
exec valgrind --quiet --tool=callgrind --demangle=no --callgrind-out-file='$scratch/profiles/%p' '$program' "\$@"
END
chmod +x "$scratch/sigma"

# Its own starts end by SIGTERM, the first with a new database.
port=${PORT:-18480}
for start in new existing; do
  echo "A start with a database that is $start" >&2
  (cd "$scratch/home" && SIGMA__ISSUER=http://127.0.0.1:$port SIGMA__LISTEN=127.0.0.1:$port exec "$scratch/sigma" serve) >"$scratch/log" 2>&1 &
  server=$!
  for path in readyz .well-known/openid-configuration; do
    curl --silent --fail --retry 60 --retry-connrefused --retry-delay 1 --output /dev/null "http://127.0.0.1:$port/$path" ||
      { cat "$scratch/log" >&2; exit 1; }
  done
  # What it does by the clock in its first seconds is part of a start too, and valgrind is slow.
  sleep 20
  kill "$server"
  wait "$server" || true
done

mv "$scratch"/profiles/* "$scratch/starts/"

# The bench kills its servers, so what they did is written down while they run.
dump_often() {
  local process
  while sleep 3; do
    while read -r process; do
      [ ! -d "/proc/$process" ] || callgrind_control --dump "$process" >/dev/null 2>&1 || true
    done <"$scratch/processes"
  done
}
echo 'The workloads of the bench, some ten minutes, or up to half an hour on a busy machine; its figures mean nothing' >&2
dump_often &
"$bench" --binary "$scratch/sigma" --no-peer --quick --codes 200 --members 100 --users 0 >"$scratch/bench" 2>&1 ||
  { tail -n 20 "$scratch/bench" >&2; echo 'order: the bench failed; the list is made of what ran until then' >&2; }

"$here/order.py" "$scratch/starts" "$scratch/profiles" >"$scratch/order.txt"
mv "$scratch/order.txt" "$here/order.txt"
echo "$here/order.txt: $(grep --count --invert-match '^#' "$here/order.txt") functions" >&2
