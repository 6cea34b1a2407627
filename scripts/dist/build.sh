#!/usr/bin/env bash
# Builds the profile `dist` as it is released. The arguments are cargo's; without any it builds the server.
#
#   scripts/dist/build.sh [ARGUMENT…]
#
# Where rustc links by lld (x86-64 with glibc), linker.py puts the functions that run beside each other. Their names have to tell the types of
# generic functions, which only those of the mangling v0 do. RUSTFLAGS are kept; as always with it, those of cargo's configuration are not read.
# With SIGMA_LINK_ORDER_REQUIRED=1 it fails there rather than leave the functions as they are.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."
[ $# -gt 0 ] || set -- --bin sigma
build=(cargo build --profile dist "$@")

target=${CARGO_BUILD_TARGET:-}
directory=${CARGO_TARGET_DIR:-${CARGO_BUILD_TARGET_DIR:-target}}
while [ $# -gt 0 ]; do
  case $1 in
    --target=*) target=${1#*=} ;;
    --target) target=${2:-} ;;
    --target-dir=*) directory=${1#*=} ;;
    --target-dir) directory=${2:-} ;;
  esac
  shift
done
programs=$directory${target:+/$target}/dist/deps
[ "${target:-$(rustc --version --verbose | sed -n 's/^host: //p')}" = x86_64-unknown-linux-gnu ] || exec "${build[@]}"
if ! command -v python3 >/dev/null; then
  if [ -n "${SIGMA_LINK_ORDER_REQUIRED:-}" ]; then
    echo 'build: python3 is missing, which puts the functions that run beside each other, and SIGMA_LINK_ORDER_REQUIRED is set' >&2
    exit 1
  fi
  echo 'build: python3 is missing, so the functions that run are not put beside each other: the server takes some 13 MiB more' >&2
  exec "${build[@]}"
fi

flags=(-C symbol-mangling-version=v0 -W linker-messages)
if [ -n "${CARGO_ENCODED_RUSTFLAGS+set}" ]; then
  CARGO_ENCODED_RUSTFLAGS+=$(printf '\x1f%s' "${flags[@]}")
  export CARGO_ENCODED_RUSTFLAGS=${CARGO_ENCODED_RUSTFLAGS#$'\x1f'}
else
  export RUSTFLAGS="${RUSTFLAGS:-} ${flags[*]}"
fi
# Cargo's is one path, which it takes from here if it has a slash; SIGMA_LINKER has words.
linker=${CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER:-}
case $linker in
  /* | '') ;;
  */*) linker=$PWD/$linker ;;
esac
if [ -z "${SIGMA_LINKER:-}" ] && [ -n "$linker" ] && ! [ "$linker" -ef "$here/linker.py" ]; then
  SIGMA_LINKER=$(python3 -c 'import shlex, sys; print(shlex.quote(sys.argv[1]))' "$linker")
fi
export SIGMA_LINKER=${SIGMA_LINKER:-cc}
export CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER=$here/linker.py
# Cargo does not know that the program depends on these.
if [ -d "$programs" ]; then
  for file in linker.py order.txt; do
    find "$programs" -maxdepth 1 -regex '.*/sigma-[0-9a-f]+' ! -newer "$here/$file" -delete
  done
fi
exec "${build[@]}"
