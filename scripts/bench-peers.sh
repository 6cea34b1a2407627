#!/usr/bin/env bash
# Installs the servers that `make bench` compares this one with, below the target directory: the versions of bench/peers, each by the
# ordinary client of its registry and checked against the hashes there. Names what cannot be installed, with the reason, and goes on.
# Fast if everything is installed.
#
#   scripts/bench-peers.sh [node] [better-auth] [keycloak] [hydra]     all of them unless named
set -uo pipefail
cd "$(dirname "$0")/.."

sources=$PWD/bench/peers
target=${CARGO_TARGET_DIR:-$PWD/target}
mkdir -p "$target"
peers=$(cd "$target" && pwd)/bench-peers
mkdir -p "$peers"
PATH=$PATH:/usr/local/go/bin

need() {
  local tool
  for tool; do
    command -v "$tool" >/dev/null || { echo "'$tool' is missing" >&2; return 1; }
  done
}

packages() {
  need node npm || return
  cp "$sources/$1/package.json" "$sources/$1/package-lock.json" . || return
  npm ci --ignore-scripts --no-audit --no-fund --omit=dev >&2
}

install_node() {
  packages node
}

# better-sqlite3 is C++ that its install script would build or fetch: it is built here, and nothing else of the packages is run.
install_better-auth() {
  need cc c++ make python3 || return
  packages better-auth || return
  local prefix gyp
  prefix=$(node -p 'require("path").dirname(require("path").dirname(process.execPath))')
  [ -e "$prefix/include/node/node.h" ] || { echo "Node's headers are missing below $prefix/include/node" >&2; return 1; }
  gyp=$(npm root --global)/npm/node_modules/node-gyp/bin/node-gyp.js
  [ -e "$gyp" ] || { echo "npm has no node-gyp at $gyp" >&2; return 1; }
  (cd node_modules/better-sqlite3 && node "$gyp" rebuild --release --nodedir="$prefix") >&2
}

# Its command only computes the options of the JVM and waits for it. The bench starts the JVM itself, with the same options.
install_keycloak() {
  need java mvn sha256sum || return
  local hash file version heap='-Xms256m -Xmx2g'
  read -r hash file <"$sources/keycloak/sha256"
  version=${file#keycloak-quarkus-dist-} version=${version%.tar.gz}
  mvn --quiet --batch-mode dependency:copy -Dartifact="org.keycloak:keycloak-quarkus-dist:$version:tar.gz" -DoutputDirectory=. >&2 || return
  echo "$hash  $file" | sha256sum --check --quiet >&2 || return
  tar --extract --gzip --strip-components 1 --file "$file" && rm "$file" || return
  bin/kc.sh build --db=dev-file >&2 || return
  JAVA_OPTS_KC_HEAP=$heap BENCH_PASSWORD=bench bin/kc.sh bootstrap-admin user --optimized --username bench --password:env BENCH_PASSWORD \
    --no-prompt "--db-url=jdbc:h2:file:$PWD/prepared;NON_KEYWORDS=VALUE" >&2 || return
  [ -e prepared.mv.db ] || { echo 'it prepared no database' >&2; return 1; }
  local options
  options=$(JAVA_OPTS_KC_HEAP=$heap PRINT_ENV=true JAVA=true bin/kc.sh start --optimized | sed -n 's/^Using JAVA_RUN_OPTS: //p')
  [ -n "$options" ] || { echo 'its command does not print the options of the JVM' >&2; return 1; }
  printf '#!/usr/bin/env bash\nexec java %s "$@"\n' "$options" >start.sh && chmod 755 start.sh
}

# Of each module, go.sum has the hashes of all that is downloaded.
install_hydra() {
  need go || return
  compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || { echo 'PostgreSQL is missing: run scripts/install-test-deps.sh' >&2; return 1; }
  local here=$PWD
  (cd "$sources/hydra" && go build -mod=readonly -trimpath -buildvcs=false -o "$here/hydra" github.com/ory/hydra/v2) >&2
}

for peer in "${@:-node better-auth keycloak hydra}"; do
  for name in $peer; do
    folder=$peers/$name
    pinned=$(cat "$sources/$name/"{package-lock.json,sha256,go.mod,go.sum} 2>/dev/null | sha256sum)
    [ "$(cat "$folder/.installed" 2>/dev/null)" != "$pinned" ] || continue
    echo "Installing $name, which make bench compares with" >&2
    rm -rf "$folder" "$folder.missing"
    mkdir -p "$folder"
    if (cd "$folder" && "install_$name") 2>"$folder.log"; then
      echo "$pinned" >"$folder/.installed"
    else
      rm -rf "$folder"
      grep -v '^[[:space:]]*$' "$folder.log" | tail -n 1 >"$folder.missing"
      echo "bench-peers: $name is left out: $(cat "$folder.missing") (all of it: $folder.log)" >&2
    fi
  done
done
