#!/usr/bin/env bash
# Makes a release in DIRECTORY (default: target/release-files): for each target that this machine can build, the binary in an archive, a
# Debian package, a container image, an SBOM and the licences of its crates; and their SHA-256.
#
#   scripts/dist/release.sh [DIRECTORY]
#
# The same commit, toolchain, C compiler and binutils give the same bytes, wherever the repository and cargo's files are.
# BINARY=FILE packs a binary that exists instead of building one; if it does not run here, HOST_BINARY=FILE is one that does. TARGETS names
# targets; those that cannot be built are said.
. "$(dirname "$0")/common.sh"
cd "$repository"
out=${1:-${CARGO_TARGET_DIR:-target}/release-files}
rm -rf "$out"
mkdir -p "$out"
out=$(realpath "$out")
notes="$out/BUILD.txt"
rustc=$(rustc --version)
{
  echo "Sigma $version, commit $(git rev-parse HEAD 2>/dev/null || echo unknown)$(git diff --quiet HEAD 2>/dev/null || echo ', with changes')"
  echo "built by $rustc, $(cc --version | head -n 1), $(nm --version | head -n 1), SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH"
  echo
} >"$notes"

# Why a target cannot be built here; nothing if it can.
obstacle() {
  local target=$1 linker=$2
  [ -d "$(rustc --print sysroot)/lib/rustlib/$target/lib" ] || { echo "the toolchain lacks it (rustup target add $target)"; return; }
  command -v "$linker" >/dev/null || echo "$linker is missing"
}

linker_of() {
  case $1 in
    *-musl) echo musl-gcc ;;
    aarch64-unknown-linux-gnu) [ "$(uname -m)" = aarch64 ] && echo cc || echo aarch64-linux-gnu-gcc ;;
    x86_64-unknown-linux-gnu) [ "$(uname -m)" = x86_64 ] && echo cc || echo x86_64-linux-gnu-gcc ;;
    *) echo cc ;;
  esac
}

# Builds for a target, into a directory of its own: other flags would build everything that is there anew.
build() {
  local target=$1 linker=$2 cargo_home=${CARGO_HOME:-$HOME/.cargo} sysroot
  sysroot=$(rustc --print sysroot)
  local target_directory=${CARGO_TARGET_DIR:-$repository/target}/release-build
  local flags="--remap-path-prefix=$repository=/sigma --remap-path-prefix=$cargo_home=/cargo --remap-path-prefix=$sysroot=/rust"
  local prefix_maps="-ffile-prefix-map=$repository=/sigma -ffile-prefix-map=$cargo_home=/cargo -ffile-prefix-map=$target_directory=/target"
  local name=${target//-/_} said ordered
  said=$(env --unset=SIGMA_LINKER --unset=SIGMA_LINK_ORDER SIGMA_LINK_ORDER_REQUIRED=1 \
    CARGO_TARGET_DIR="$target_directory" CARGO_INCREMENTAL=0 RUSTFLAGS="$flags" \
    "CARGO_TARGET_${name^^}_LINKER=$linker" "CC_$name=$linker" "CFLAGS_$name=$prefix_maps" "CXXFLAGS_$name=$prefix_maps" \
    scripts/dist/build.sh --locked --workspace --bin sigma --target "$target" 2>&1 | tee >(cat >&2)) || return
  # Cargo repeats what the linker said of a program that it does not build again.
  if [ "$target" = x86_64-unknown-linux-gnu ]; then
    ordered=$(grep -oE '[0-9]+ of the [0-9]+ functions in .* are in the program' <<<"$said") ||
      { echo "release: the linker of $target did not say that it put the functions in order" >&2; return 1; }
    echo "$target: $ordered" >>"$notes"
  fi
  echo "$target_directory/$target/dist/sigma"
}

# Packs a binary: archive, Debian package, image, SBOM.
pack() {
  local target=$1 binary=$2 arch flavour name staged glibc needs tag=$version
  arch=$(architecture "$binary")
  flavour=$(flavour "$binary")
  [ "$target" = "$(target_of "$binary")" ] || { echo "$binary is for $(target_of "$binary"), not $target" >&2; return 1; }
  [ "$flavour" = "$arch" ] || tag=$version-${flavour#"$arch-"}
  name="sigma-$version-$target"
  staged=$(mktemp -d)
  "$repository/scripts/dist/inventory.py" sbom "$target" >"$out/$name.cdx.json"
  "$repository/scripts/dist/inventory.py" licences "$target" >"$staged/THIRD-PARTY-LICENCES.txt"
  cat web/dist/licences-*.txt >>"$staged/THIRD-PARTY-LICENCES.txt"
  install -m 755 "$binary" "$staged/sigma"
  cp LICENSE-APACHE LICENSE-MIT CHANGELOG.md UPGRADING.md "$out/$name.cdx.json" "$staged/"
  cp -r packaging "$staged/packaging"
  mv "$staged/$name.cdx.json" "$staged/sbom.cdx.json"
  tar --create --sort=name --format=pax --pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime --owner=0 --group=0 --numeric-owner \
    --mode=u=rwX,go=rX --mtime="@$SOURCE_DATE_EPOCH" --directory "$staged" --transform "s|^\.|$name|" . | gzip --best --no-name >"$out/$name.tar.gz"
  glibc=$(needed_glibc "$binary")
  needs="static, for any Linux"
  [ -z "$glibc" ] || needs="needs glibc $glibc: $(oldest_systems "$glibc") or newer"
  printf '%s: %s bytes, %s\n' "$target" "$(stat --format %s "$binary")" "$needs" >>"$notes"
  if command -v dpkg-deb >/dev/null; then
    HOST_BINARY=${host_binary:-${HOST_BINARY:-$binary}} LICENCES="$staged/THIRD-PARTY-LICENCES.txt" "$repository/scripts/dist/deb.sh" "$binary" "$out" >/dev/null
  else
    echo "$target: no Debian package, because dpkg-deb is missing" >>"$notes"
  fi
  # Libraries of another architecture are not on this machine.
  if [ -z "$(needed_libraries "$binary")" ] || [ "$arch" = "$(architecture "$(command -v bash)")" ]; then
    "$repository/scripts/dist/image.py" "$binary" "$out/sigma-$version-$flavour.oci.tar" --tag "$tag" >/dev/null
  fi
  rm -rf "$staged"
}

host=$(rustc --version --verbose | sed -n 's/^host: //p')
if [ -n "${BINARY:-}" ]; then
  pack "$(target_of "$BINARY")" "$BINARY"
else
  # The host may be one of the others.
  for target in $(printf '%s\n' ${TARGETS:-$host x86_64-unknown-linux-musl aarch64-unknown-linux-gnu} | awk '!seen[$0]++'); do
    linker=$(linker_of "$target")
    why=$(obstacle "$target" "$linker")
    if [ -n "$why" ]; then
      echo "$target: not built, because $why" >>"$notes"
      continue
    fi
    binary=$(build "$target" "$linker")
    [ "$target" != "$host" ] || host_binary=$binary
    pack "$target" "$binary"
  done
fi
if command -v helm >/dev/null; then
  helm package packaging/helm/sigma --destination "$out" --version "$version" --app-version "$version" >/dev/null
else
  tar --create --sort=name --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX --mtime="@$SOURCE_DATE_EPOCH" --directory packaging/helm sigma |
    gzip --best --no-name >"$out/sigma-chart-$version.tgz"
fi
(cd "$out" && find . -type f ! -name SHA256SUMS -printf '%P\n' | sort | xargs sha256sum >SHA256SUMS)
cat "$notes"
