#!/usr/bin/env bash
# Makes a release twice, the second time from a clone in another directory with another target directory, and compares the bytes.
. "$(dirname "$0")/common.sh"
cd "$repository"
git diff --quiet HEAD || { echo 'twice: commit first, because the clone has what is committed' >&2; exit 1; }
first=${CARGO_TARGET_DIR:-$repository/target}/release-files
elsewhere=$(mktemp -d /var/tmp/sigma-twice.XXXXXX)
trap 'rm -rf "$elsewhere"' EXIT
scripts/dist/release.sh "$first"
git clone --quiet . "$elsewhere/another/name"
cd "$elsewhere/another/name"
(cd web && npm ci --ignore-scripts --no-audit --no-fund && npm run build) >/dev/null
CARGO_TARGET_DIR=$elsewhere/target scripts/dist/release.sh "$elsewhere/files"
diff "$first/SHA256SUMS" "$elsewhere/files/SHA256SUMS"
echo 'The bytes are the same.'
