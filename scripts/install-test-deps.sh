#!/usr/bin/env bash
# Installs what `make test` needs besides Rust, Node and a C compiler, from Debian's packages: PostgreSQL, PgBouncer, Redis, Chromium,
# nginx, Caddy, Apache with mod_auth_openidc, Python and an SMTP server. None of them is started: tests start servers of their
# own. Fast if everything is installed.
# Reports what is missing if it cannot install it. With the argument `drills` it also installs what `make drills` needs, with
# `clients` the JDK and Maven of `make clients`. Go is not among them: Debian's is too old.
set -euo pipefail

fail() {
  echo "install-test-deps: $*" >&2
  exit 1
}

for tool in cargo cc node npm; do
  command -v "$tool" >/dev/null || fail "'$tool' is missing. Sigma needs Rust (rustup), build-essential and Node 20 or newer."
done
node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' \
  || fail "Node 20 or newer is needed, found $(node --version)."

missing_packages() {
  compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || echo postgresql
  PATH=$PATH:/usr/sbin command -v pgbouncer >/dev/null || echo pgbouncer
  command -v redis-server >/dev/null || echo redis-server
  command -v chromium >/dev/null || echo chromium fonts-dejavu-core
  command -v chromium-headless-shell >/dev/null || echo chromium-headless-shell
  # Debian installs it outside an ordinary user's PATH.
  PATH=$PATH:/usr/sbin command -v nginx >/dev/null || echo nginx
  command -v caddy >/dev/null || echo caddy
  PATH=$PATH:/usr/sbin command -v apache2 >/dev/null || echo apache2
  [ -e /usr/lib/apache2/modules/mod_auth_openidc.so ] || echo libapache2-mod-auth-openidc
  python3 -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
  /usr/bin/python3 -c 'import aiosmtpd' 2>/dev/null || echo python3-aiosmtpd
}

drill_packages() {
  PATH=$PATH:/usr/sbin
  command -v patroni >/dev/null || echo patroni python3-etcd python3-psycopg2
  command -v etcd >/dev/null || echo etcd-server
  command -v haproxy >/dev/null || echo haproxy
  command -v promtool >/dev/null || echo prometheus
}

client_packages() {
  command -v javac >/dev/null || echo default-jdk-headless
  command -v mvn >/dev/null || echo maven
}

wanted() {
  missing_packages
  [ "$for" != drills ] || drill_packages
  [ "$for" != clients ] || client_packages
}

for=${1:-tests}
missing=$(wanted | xargs)
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
  as_root=()
elif command -v sudo >/dev/null; then
  as_root=(sudo)
else
  fail "missing: $missing. Install them with apt-get as root, then run this again."
fi
command -v apt-get >/dev/null || fail "missing: $missing. There is no apt-get here: install it by hand."

# A package starts its service, now and at each boot, unless told otherwise.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod 755 "$policy"
  trap '"${as_root[@]}" rm -f "$policy"' EXIT
fi

echo "Installing $missing" >&2
install() {
  # shellcheck disable=SC2086 # a list of words
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends $missing >/dev/null
}
# A new machine has no package lists, or outdated ones.
install 2>/dev/null || { "${as_root[@]}" apt-get update --quiet >/dev/null && install; }

if [ -d /run/systemd/system ]; then
  for service in nginx caddy apache2 pgbouncer redis-server patroni etcd haproxy prometheus; do
    [[ " $missing " != *" $service "* ]] || "${as_root[@]}" systemctl disable --quiet "$service" || true
  done
fi

missing=$(wanted | xargs)
[ -z "$missing" ] || fail "still missing after the installation: $missing"
