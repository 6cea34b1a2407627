# What the scripts of a release share; sourced.
set -euo pipefail
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# The time of the commit, so that the same commit gives the same bytes.
if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
  SOURCE_DATE_EPOCH=$(git -C "$repository" log -1 --format=%ct 2>/dev/null || echo 0)
fi
export SOURCE_DATE_EPOCH LC_ALL=C.UTF-8 TZ=UTC
umask 022

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$repository/Cargo.toml" | head -n 1)

# The name of a binary's architecture as Debian calls it.
architecture() {
  case $(readelf --file-header "$1" | sed -n 's/ *Machine: *//p') in
    *X86-64*) echo amd64 ;;
    *AArch64*) echo arm64 ;;
    *) echo "$1 is of an unknown architecture" >&2 && return 1 ;;
  esac
}

# The C library of a binary: `musl` also for a static one.
libc() {
  local interpreter
  interpreter=$(readelf --program-headers --wide "$1" | sed -n 's/.*program interpreter: \(.*\)\]/\1/p')
  case $interpreter in
    '' | */ld-musl-*) echo musl ;;
    *) echo gnu ;;
  esac
}

# The target that a binary is for.
target_of() {
  local machine
  case $(architecture "$1") in
    amd64) machine=x86_64 ;;
    arm64) machine=aarch64 ;;
    *) return 1 ;;
  esac
  echo "$machine-unknown-linux-$(libc "$1")"
}

# What the names of packages and images have after the version: the builds of one architecture differ by their C library.
flavour() {
  local arch
  arch=$(architecture "$1")
  [ "$(libc "$1")" = gnu ] && echo "$arch" || echo "$arch-$(libc "$1")"
}

# The oldest version of glibc that has every symbol which a binary needs; nothing for a static one.
needed_glibc() {
  readelf --version-info --wide "$1" 2>/dev/null | sed -nE 's/.*Name: GLIBC_([0-9.]+) .*/\1/p' | sort --version-sort | tail -n 1
}

# The libraries that a binary loads, one a line; nothing for a static one.
needed_libraries() {
  readelf --dynamic --wide "$1" 2>/dev/null | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'
}

# The oldest releases that have a version of glibc.
oldest_systems() {
  local glibc systems
  while read -r glibc systems; do
    if [ "$(printf '%s\n' "$1" "$glibc" | sort --version-sort | tail -n 1)" = "$glibc" ]; then
      echo "$systems"
      return
    fi
  done <<'TABLE'
2.31 Debian 11, Ubuntu 20.04
2.35 Debian 12, Ubuntu 22.04
2.36 Debian 12, Ubuntu 24.04
2.39 Debian 13, Ubuntu 24.04
2.41 Debian 13, Ubuntu 25.04
TABLE
  echo "a system with glibc $1"
}
