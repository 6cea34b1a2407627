#!/usr/bin/env bash
# In the copy of the machine: runs the container image as a container runtime would, with a root that cannot be written, as its user.
set -euo pipefail
archive=$1
work=$(mktemp -d)
trap 'echo "not ok - line $LINENO of image.sh" >&2' ERR

# Unpacks the layers, checking each digest, and prints the configuration as a runtime reads it.
python3 - "$archive" "$work" <<'PYTHON'
import gzip, hashlib, io, json, sys, tarfile
archive, work = sys.argv[1:]
tar = tarfile.open(archive)
def blob(descriptor):
    content = tar.extractfile("blobs/sha256/" + descriptor["digest"].removeprefix("sha256:")).read()
    assert len(content) == descriptor["size"], descriptor
    assert "sha256:" + hashlib.sha256(content).hexdigest() == descriptor["digest"], descriptor
    return content
assert json.load(tar.extractfile("oci-layout")) == {"imageLayoutVersion": "1.0.0"}
manifest = json.loads(blob(json.load(tar.extractfile("index.json"))["manifests"][0]))
config = json.loads(blob(manifest["config"]))
for descriptor, diff in zip(manifest["layers"], config["rootfs"]["diff_ids"], strict=True):
    plain = gzip.decompress(blob(descriptor))
    assert "sha256:" + hashlib.sha256(plain).hexdigest() == diff
    layer = tarfile.open(fileobj=io.BytesIO(plain))
    layer.extraction_filter = lambda member, path: member
    layer.extractall(work + "/root")
former = json.load(tar.extractfile("manifest.json"))[0]
assert all(name in tar.getnames() for name in [former["Config"], *former["Layers"]])
run = config["config"]
open(work + "/env", "w").write("\n".join(run["Env"]))
open(work + "/start", "w").write("\n".join(run["Entrypoint"] + run["Cmd"]))
open(work + "/health", "w").write("\n".join(run["Healthcheck"]["Test"][1:]))
open(work + "/user", "w").write(run["User"])
PYTHON
[ "$(cat "$work/user")" = 65532:65532 ]
[ ! -e "$work/root/bin/sh" ]
echo 'ok - the image is well-formed, has no shell and names a user'

mkdir -p "$work/root/proc"
mount --bind "$work/root" "$work/root"
mount -o remount,ro,bind "$work/root"
mount -t tmpfs -o uid=65532,gid=65532,mode=0700 tmpfs "$work/root/data"
mount -t proc proc "$work/root/proc"
mapfile -t environment <"$work/env"
mapfile -t start <"$work/start"
mapfile -t health <"$work/health"
inside=(env -i "${environment[@]}" /usr/sbin/chroot --userspec=65532:65532 "$work/root")
"${inside[@]}" "${start[@]}" >"$work/out" 2>"$work/log" &
server=$!
for _ in $(seq 200); do
  "${inside[@]}" "${health[@]}" >/dev/null 2>&1 && break
  sleep 0.1
done
"${inside[@]}" "${health[@]}" >/dev/null || { cat "$work/log"; exit 1; }
"${inside[@]}" /sigma app list >/dev/null
"${inside[@]}" /sigma doctor >"$work/doctor" || true
! grep -q '^WRONG  disk' "$work/doctor"
[ "$(stat --format '%u %a' "$work/root/data/sigma.sqlite")" = '65532 600' ]
kill "$server"
wait "$server" || true
code=0
"${inside[@]}" "${health[@]}" >/dev/null 2>&1 || code=$?
[ "$code" -eq 1 ]
echo 'ok - it runs as that user on a root that cannot be written, and its health check tells'
