#!/usr/bin/env bash
# In the copy of the machine: walks docs/guides/one-vm.md, from the package to a sign-in by a browser over TLS.
#
#   one-vm.sh PACKAGE GUIDE SIGN_IN_SCRIPT
#
# What stands in for others: systemctl starts what the units say, and a certificate of our own is where certbot would put one.
set -euo pipefail
package=$1 guide=$2 sign_in=$3
trap 'echo "not ok - line $LINENO of one-vm.sh" >&2' ERR
work=$(mktemp -d)
export PATH=$work/bin:$PATH
mkdir "$work/bin"

cat >"$work/bin/sudo" <<'SUDO'
#!/bin/sh
exec "$@"
SUDO
cat >"$work/bin/systemctl" <<'SYSTEMCTL'
#!/usr/bin/env bash
set -euo pipefail
case "$*" in
  'enable --now sigma sigma-backup.timer sigma-doctor.timer')
    unit=/usr/lib/systemd/system/sigma.service
    for timer in sigma-backup sigma-doctor; do [ -e "/usr/lib/systemd/system/$timer.timer" ]; done
    set -a && . /etc/sigma/env && set +a
    cd "$(sed -n 's/^WorkingDirectory=//p' "$unit")"
    # shellcheck disable=SC2046 # a command line
    (umask 077 && exec setsid setpriv --reuid=sigma --regid=sigma --init-groups $(sed -n 's/^ExecStart=//p' "$unit")) \
      >/run/sigma.out 2>/run/sigma.log &
    for _ in $(seq 300); do sigma health >/dev/null 2>&1 && exit 0; sleep 0.1; done
    cat /run/sigma.log
    exit 1
    ;;
  'reload nginx') if [ -s /run/nginx.pid ]; then nginx -s reload; else nginx; fi ;;
  *) echo "systemctl $*: not in this test" >&2 && exit 1 ;;
esac
SYSTEMCTL
chmod +x "$work/bin"/*

dpkg --install "$package" >/dev/null
rm -f /etc/nginx/sites-enabled/*
mkdir -p /var/log/nginx /var/lib/nginx
echo '127.0.0.1 id.example.org shop.example.org' >>/etc/hosts
live=/etc/letsencrypt/live/id.example.org
mkdir -p "$live"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj '/CN=Test authority' \
  -keyout "$work/ca.key" -out "$work/ca.pem" 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=id.example.org -keyout "$live/privkey.pem" -out "$work/csr.pem" 2>/dev/null
openssl x509 -req -in "$work/csr.pem" -CA "$work/ca.pem" -CAkey "$work/ca.key" -days 30 -out "$live/fullchain.pem" \
  -extfile <(printf 'subjectAltName=DNS:id.example.org\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n') 2>/dev/null
# This machine trusts it: curl and sigma doctor ask as a client would.
cat "$work/ca.pem" >>/etc/ssl/certs/ca-certificates.crt

# The blocks of the guide in order, each in a shell of its own.
awk -v directory="$work" '
  /^```sh$/ { number++; file = sprintf("%s/step-%02d.sh", directory, number); inside = 1; next }
  /^```/ { if (inside) close(file); inside = 0; next }
  inside { print > file }' "$guide"
for step in "$work"/step-*.sh; do
  bash -euo pipefail "$step" >"$step.out" 2>&1 || { echo "not ok - $(head -n 1 "$step")"; cat "$step.out"; tail -n 5 /run/sigma.log; exit 1; }
done
grep -q '"issuer":"https://id.example.org"' "$work"/step-*.out
grep -q 'No problems found.' "$work"/step-*.out
grep -q '^http.*id.example.org' "$work"/step-*.out || grep -q 'https://id.example.org/' "$work"/step-*.out
grep -q 'Nobody owns' /run/sigma.out
curl --silent --output /dev/null --write-out '%{http_code} %{redirect_url}\n' http://id.example.org/login | grep -qx '301 https://id.example.org/login'
echo 'ok - each step of the guide succeeds, the last is a doctor that finds nothing wrong'

echo 'correct horse battery staple' | sigma user add --email grace@example.org --name Grace --password-stdin >/dev/null
node "$sign_in" https://id.example.org shop https://shop.example.org/callback grace@example.org 'correct horse battery staple'
echo 'ok - a person signs in to the app, in a browser over TLS'
nginx -s stop
