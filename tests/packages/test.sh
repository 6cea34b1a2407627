#!/usr/bin/env bash
# Builds the Debian package of a binary, and installs, uses and purges it in a copy of this machine: tests/packages/test.sh BINARY
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# A binary for tests is large: it is stripped, and its package not compressed.
export COMPRESSION=none
strip -o "$scratch/sigma" "$1"
package=$("$here/../../scripts/dist/deb.sh" "$scratch/sigma" "$scratch/first")
again=$("$here/../../scripts/dist/deb.sh" "$scratch/sigma" "$scratch/second")
cmp "$package" "$again" || { echo 'not ok - the same binary gives another package'; exit 1; }
echo 'ok - the same binary gives the same package'

# A copy of this machine does not see what is mounted into it, such as the directory for tests in memory.
mkdir -p /var/tmp
staged=$(mktemp -d /var/tmp/sigma-packages.XXXXXX)
trap 'rm -rf "$scratch" "$staged"' EXIT
cp "$package" "$staged/sigma.deb"
cp "$here"/*.sh "$staged"
"$here/namespace.sh" bash "$staged/inside.sh" "$staged/sigma.deb"

IMAGE_COMPRESSION=1 SOURCE_DATE_EPOCH=0 "$here/../../scripts/dist/image.py" "$scratch/sigma" "$staged/image.tar" >/dev/null
"$here/namespace.sh" bash "$staged/image.sh" "$staged/image.tar"

# nginx and Chromium are those of the other tests.
"$here/namespace.sh" bash "$staged/one-vm.sh" "$staged/sigma.deb" "$here/../../docs/guides/one-vm.md" "$here/sign-in.mjs"
