#!/usr/bin/env bash
# Makes the Debian package of a binary: scripts/dist/deb.sh BINARY DIRECTORY. Prints its path.
#
# HOST_BINARY is one that runs here, for the manual pages and completions, if BINARY is of another architecture.
# COMPRESSION is passed to dpkg-deb; `none` is for tests.
. "$(dirname "$0")/common.sh"
binary=$(realpath "$1")
out=$(mkdir -p "$2" && realpath "$2")
host=$(realpath "${HOST_BINARY:-$binary}")

arch=$(architecture "$binary")
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
put() { install -D -m "$1" "$2" "$root/$3"; }

put 0755 "$binary" usr/bin/sigma
put 0644 "$repository/packaging/sigma.toml" etc/sigma/sigma.toml
put 0640 "$repository/packaging/env" etc/sigma/env
for unit in "$repository"/packaging/systemd/sigma*.{service,timer}; do
  put 0644 "$unit" "usr/lib/systemd/system/$(basename "$unit")"
done
put 0644 "$repository/packaging/systemd/sysusers.conf" usr/lib/sysusers.d/sigma.conf
put 0644 "$repository/packaging/systemd/tmpfiles.conf" usr/lib/tmpfiles.d/sigma.conf

complete() {
  mkdir -p "$root/$(dirname "$2")"
  "$host" completions "$1" >"$root/$2"
  chmod 0644 "$root/$2"
}
complete bash usr/share/bash-completion/completions/sigma
complete zsh usr/share/zsh/vendor-completions/_sigma
complete fish usr/share/fish/vendor_completions.d/sigma.fish
"$host" man --to "$root/usr/share/man/man1" >/dev/null
find "$root/usr/share/man" -name '*.1' -exec gzip --best --no-name {} +

doc=usr/share/doc/sigma
put 0644 "$repository/LICENSE-APACHE" "$doc/LICENSE-APACHE"
put 0644 "$repository/packaging/debian/copyright" "$doc/copyright"
gzip --best --no-name --stdout "$repository/CHANGELOG.md" >"$root/$doc/changelog.gz"
[ ! -e "${LICENCES:-}" ] || put 0644 "$LICENCES" "$doc/THIRD-PARTY-LICENCES.txt"

depends=$(needed_libraries "$binary" | grep -qx 'libgcc_s.so.1' && echo ', libgcc-s1' || true)
glibc=$(needed_glibc "$binary")
mkdir -p "$root/DEBIAN"
cat >"$root/DEBIAN/control" <<TEXT
Package: sigma
Version: $version
Architecture: $arch
Maintainer: The Sigma authors <sigma@localhost>
Installed-Size: $(du --summarize --apparent-size --block-size=1024 "$root/usr" | cut -f1)
Depends: passwd${glibc:+, libc6 (>= $glibc)}$depends
Recommends: ca-certificates, systemd
Suggests: postgresql, nginx
Section: net
Priority: optional
Description: self-hosted identity server
 OpenID Connect for apps, workspaces and API keys for a product's own API, and
 digital credentials. One program with an embedded database; PostgreSQL when
 one machine is not enough.
TEXT
printf '/etc/sigma/%s\n' env sigma.toml >"$root/DEBIAN/conffiles"
for script in postinst prerm postrm; do
  put 0755 "$repository/packaging/debian/$script" "DEBIAN/$script"
done
chmod 755 "$root" "$root/etc" "$root/etc/sigma"
chmod -R u=rwX,go=rX "$root/usr"
(cd "$root" && find usr -type f | sort | xargs md5sum >DEBIAN/md5sums)
# What did not exist at the time of the commit, such as these directories, gets its time.
find "$root" -newermt "@$SOURCE_DATE_EPOCH" -print0 | xargs -0r touch --no-dereference --date "@$SOURCE_DATE_EPOCH"

package="$out/sigma_${version}_$(flavour "$binary").deb"
dpkg-deb --root-owner-group -Z"${COMPRESSION:-xz}" --build "$root" "$package" >/dev/null
echo "$package"
