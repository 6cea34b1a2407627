#!/usr/bin/env bash
# Builds the Debian package of a binary, and installs, uses and purges it in a copy of this machine:
#
#   tests/packages/test.sh BINARY [PART…]
#
# The parts are `names`, whether the builds of one architecture have names of their own; `package`; `again`, whether the same binary gives the same package; `image`, the container image; and `vm`, the guide of one
# VM. All of them if none is named.
set -euo pipefail
binary=$1
shift
parts=${*:-names package again image vm}
wanted() { [[ " $parts " == *" $1 "* ]]; }
here=$(cd "$(dirname "$0")" && pwd)
if wanted names; then
  "$here/names.sh" "$binary"
fi
if ! "$here/namespace.sh" true 2>/dev/null; then
  echo 'The packages are not tested: no copy of this machine can be made, for which root, its namespaces and overlays are needed.'
  exit 0
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# A binary for tests is large: it is stripped, and its package not compressed.
export COMPRESSION=none
strip -o "$scratch/sigma" "$binary"
package=$("$here/../../scripts/dist/deb.sh" "$scratch/sigma" "$scratch/first")
if wanted again; then
  again=$("$here/../../scripts/dist/deb.sh" "$scratch/sigma" "$scratch/second")
  cmp "$package" "$again" || { echo 'not ok - the same binary gives another package'; exit 1; }
  echo 'ok - the same binary gives the same package'
fi

# A copy of this machine does not see what is mounted into it, such as the directory for tests in memory.
mkdir -p /var/tmp
staged=$(mktemp -d /var/tmp/sigma-packages.XXXXXX)
trap 'rm -rf "$scratch" "$staged"' EXIT
mv "$package" "$staged/sigma.deb"
cp "$here"/*.sh "$staged"
if wanted package; then
  "$here/namespace.sh" bash "$staged/inside.sh" "$staged/sigma.deb"
fi
if wanted image; then
  IMAGE_COMPRESSION=1 SOURCE_DATE_EPOCH=0 "$here/../../scripts/dist/image.py" "$scratch/sigma" "$staged/image.tar" >/dev/null
  "$here/namespace.sh" bash "$staged/image.sh" "$staged/image.tar"
fi
if wanted vm; then
  # nginx and Chromium are those of the other tests.
  "$here/namespace.sh" bash "$staged/one-vm.sh" "$staged/sigma.deb" "$here/../../docs/guides/one-vm.md" "$here/sign-in.mjs"
fi
