#!/usr/bin/env bash
# build.sh DIRECTORY: compiles the Spring apps of docs/examples into DIRECTORY/classes, with what they need in DIRECTORY/jars. Maven only
# resolves and downloads: whatever runs later has the sum that is written here. `build.sh DIRECTORY --write` writes the sums anew.
set -euo pipefail

fail() {
  echo "make clients: $*" >&2
  exit 1
}

command -v javac >/dev/null || fail "javac is missing. Spring needs a JDK, 17 or newer: scripts/install-test-deps.sh clients"
command -v mvn >/dev/null || fail "mvn is missing: scripts/install-test-deps.sh clients"
version=$(javac -version 2>&1 | sed -E 's/^javac ([0-9]+).*/\1/')
[ "$version" -ge 17 ] || fail "Spring needs a JDK 17 or newer, found $version."

here=$(cd "$(dirname "$0")" && pwd)
examples=$here/../../../docs/examples/spring
out=$1
rm -rf "$out"
mkdir -p "$out"
mvn --batch-mode --quiet --file "$here/pom.xml" \
  org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$out/jars"

cd "$out/jars"
[ "${2:-}" != --write ] || sha256sum -- *.jar >"$here/jars.sha256"
# Also fails if there are more or fewer.
sha256sum -- *.jar | diff "$here/jars.sha256" - >&2 || fail "these jars are not those of tests/clients/spring/jars.sha256"
javac -parameters -cp "$out/jars/*" -d "$out/classes" "$examples"/*/*.java
