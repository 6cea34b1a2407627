#!/usr/bin/env bash
# Packs a dynamic and a static program as the release does, and compares the names of the files: names.sh BINARY, which is one that runs here.
set -euo pipefail
binary=$(realpath "$1")
repository=$(cd "$(dirname "$0")/../.." && pwd)
. "$repository/scripts/dist/common.sh"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'echo "not ok - line $LINENO of names.sh" >&2' ERR

echo 'int main(void) { return 0; }' >"$scratch/program.c"
cc -o "$scratch/dynamic" "$scratch/program.c"
cc -static -o "$scratch/static" "$scratch/program.c"
for kind in dynamic static; do
  HOST_BINARY=$binary BINARY=$scratch/$kind "$repository/scripts/dist/release.sh" "$scratch/$kind-files" >/dev/null
  (cd "$scratch/$kind-files" && sha256sum --check --quiet SHA256SUMS)
done
arch=$(architecture "$binary")
machine=$(target_of "$scratch/static")
machine=${machine%%-*}
for kind in dynamic:gnu: static:musl:-musl; do
  IFS=: read -r kind libc suffix <<<"$kind"
  name=sigma-$version-$machine-unknown-linux-$libc
  for file in "$name.tar.gz" "$name.cdx.json" "sigma_${version}_$arch$suffix.deb" "sigma-$version-$arch$suffix.oci.tar"; do
    [ -s "$scratch/$kind-files/$file" ] || { echo "not ok - $kind: there is no $file"; ls "$scratch/$kind-files"; exit 1; }
  done
  tar --extract --to-stdout --file "$scratch/$kind-files/sigma-$version-$arch$suffix.oci.tar" manifest.json | grep -q "\"sigma:$version$suffix\""
done
# What is of no build: the notes, the sums, and the chart.
common=$(comm -12 <(ls "$scratch/dynamic-files") <(ls "$scratch/static-files") | grep -v -e '^BUILD.txt$' -e '^SHA256SUMS$' -e '\.tgz$' || true)
[ -z "$common" ] || { echo "not ok - two builds share names: $common"; exit 1; }
echo 'ok - the builds of one architecture have names of their own'
