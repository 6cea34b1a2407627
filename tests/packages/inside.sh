#!/usr/bin/env bash
# In the copy of the machine: the life of the package.
set -euo pipefail
package=$1

passed=0
is() {
  if ! [ "$2" = "$3" ]; then
    printf 'not ok - %s\n  expected: %s\n  got:      %s\n' "$1" "$3" "$2"
    exit 1
  fi
}
ok() {
  passed=$((passed + 1))
  echo "ok - $1"
}
trap 'echo "not ok - line $LINENO of inside.sh" >&2' ERR
access() { stat --format '%U:%G %a' "$1"; }
as_sigma() { setpriv --reuid=sigma --regid=sigma --init-groups --reset-env -- "$@"; }

dpkg --install "$package" >/tmp/install.log 2>&1 || { cat /tmp/install.log; exit 1; }
grep -q 'systemctl enable --now sigma' /tmp/install.log
is 'the user' "$(getent passwd sigma | cut -d: -f6,7)" /var/lib/sigma:/usr/sbin/nologin
is 'secrets' "$(access /etc/sigma/env)" 'root:sigma 640'
is 'settings' "$(access /etc/sigma/sigma.toml)" 'root:root 644'
is 'data' "$(access /var/lib/sigma)" 'sigma:sigma 700'
is 'backups' "$(access /var/backups/sigma)" 'sigma:sigma 700'
is 'program' "$(access /usr/bin/sigma)" 'root:root 755'
man --where sigma-app-add >/dev/null 2>&1 || test -e /usr/share/man/man1/sigma-app-add.1.gz
bash -n /usr/share/bash-completion/completions/sigma
ok 'the package makes a user, its directories, and files that nobody else can read'

cd /
is 'the default' "$(sigma config show | grep '^url = "sqlite')" 'url = "sqlite:/var/lib/sigma/sigma.sqlite"'
sigma config check >/dev/null
printf 'SIGMA__ISSUER=http://localhost:8080\nSIGMA__MASTER_KEY__VALUE=%s\n' "$(head -c 32 /dev/urandom | base64)" >>/etc/sigma/env
sigma config show --json | grep -q '"issuer": "http://localhost:8080"'
code=0
refused=$(setpriv --reuid=65534 --regid=65534 --clear-groups sigma app list 2>&1) || code=$?
is 'a stranger' "$code" 5
grep -q '/etc/sigma/env cannot be read: Permission denied' <<<"$refused"
ok 'commands read the settings and secrets of the machine, and tell a stranger that they cannot'

if command -v systemd-analyze >/dev/null; then
  for unit in sigma.service sigma-doctor.service sigma-doctor.timer sigma-backup.service sigma-backup.timer; do
    systemd-analyze verify --man=no "/usr/lib/systemd/system/$unit" 2>&1 | grep "$unit" && exit 1
    [ "${unit##*.}" = timer ] || systemd-analyze security --offline=true --threshold=30 "/usr/lib/systemd/system/$unit" >/tmp/security.log 2>&1 ||
      { tail -n 3 /tmp/security.log; exit 1; }
  done
  ok 'the units are well-formed and hardened'
fi

# What the unit does: its user, directory, secrets and command.
unit=/usr/lib/systemd/system/sigma.service
command=$(sed -n 's/^ExecStart=//p' "$unit")
set -a && . /etc/sigma/env && set +a
# shellcheck disable=SC2086 # a command line
(cd "$(sed -n 's/^WorkingDirectory=//p' "$unit")" && umask 077 && exec setpriv --reuid=sigma --regid=sigma --init-groups $command) \
  >/tmp/serve.out 2>/tmp/serve.log &
server=$!
unset SIGMA__ISSUER SIGMA__MASTER_KEY__VALUE
for _ in $(seq 200); do
  sigma health >/dev/null 2>&1 && break
  sleep 0.1
done
sigma health || { cat /tmp/serve.log; exit 1; }
is 'the database' "$(access /var/lib/sigma/sigma.sqlite)" 'sigma:sigma 600'
sigma app add --client-id shop --name Shop --redirect-uri https://shop.example.org/callback >/dev/null
as_sigma sigma app list | grep -q '^shop '
is 'the database after a command of root' "$(find /var/lib/sigma ! -user sigma)" ''
ok 'the server runs as the unit says, and root and its user manage it'

kill "$server"
wait "$server"
backup=$(sed -n 's/^ExecStart=//p' /usr/lib/systemd/system/sigma-backup.service)
# shellcheck disable=SC2046,SC2086 # a command line, and what systemd takes from the file
as_sigma env $(grep -v '^#' /etc/sigma/env) $backup >/dev/null
[ -n "$(ls /var/backups/sigma)" ]
ok 'the timer of backups makes one'

dpkg --install "$package" >/dev/null 2>&1
grep -q SIGMA__ISSUER /etc/sigma/env
ok 'an upgrade keeps what the operator wrote'

dpkg --remove sigma >/dev/null 2>&1
[ ! -e /usr/bin/sigma ] && [ -e /etc/sigma/env ]
dpkg --purge sigma >/tmp/purge.log 2>&1
[ ! -e /etc/sigma ]
[ -e /var/lib/sigma/sigma.sqlite ]
grep -q '/var/lib/sigma was kept' /tmp/purge.log
leftover=$(find / -xdev \( -path /proc -o -path /var/tmp -o -path /tmp -o -path /work -o -path /root -o -path /var/cache/man \) -prune -o \
  -newer "$package" -name '*sigma*' -print | grep -vE '^/var/(lib|backups)/sigma|^/(dev|run|sys)/' || true)
is 'what is left' "$leftover" ''
ok 'a purge leaves the data and nothing else'
echo "$passed passed, 0 failed"
