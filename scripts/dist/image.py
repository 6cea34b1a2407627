#!/usr/bin/env python3
"""Makes a container image without a daemon: an OCI layout as a tar archive, which podman, skopeo and Docker 25 load.

    scripts/dist/image.py BINARY OUTPUT.tar [--tag NAME]

From scratch: the program, the libraries that it loads, the certificate authorities, and two users. There is no shell. It runs as the user
65532 and writes to /data alone. The same binary, libraries and SOURCE_DATE_EPOCH give the same bytes.
"""

import gzip
import hashlib
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import time

EPOCH = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
ROOT = pathlib.Path(__file__).resolve().parents[2]
USER = 65532
# 9 for a release; tests take less.
COMPRESSION = int(os.environ.get("IMAGE_COMPRESSION", "9"))
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
# A container has one address and is stopped by force after ten seconds unless told otherwise.
ENVIRONMENT = [
    "SIGMA__LISTEN=[::]:8080",
    "SIGMA__STORE__URL=sqlite:/data/sigma.sqlite",
    "SIGMA__MASTER_KEY__FILE=/data/sigma.key",
    "SIGMA__OBJECTS__FOLDER=/data/objects",
    "SIGMA__MAIL__FOLDER=/data/mails",
    "SSL_CERT_FILE=" + AUTHORITIES,
]


def architecture(binary):
    header = binary.read_bytes()[:20]
    machine = int.from_bytes(header[18:20], "little")
    return {0x3E: "amd64", 0xB7: "arm64"}[machine]


def libraries(binary):
    """The files that the dynamic linker loads, with the paths by which it finds them."""
    found = {}
    listed = subprocess.run(["ldd", binary], capture_output=True, text=True)
    for line in listed.stdout.splitlines():
        for path in re.findall(r"(/\S+) \(0x", line):
            found[path] = pathlib.Path(path).resolve()
    if found:
        # Names of hosts are looked up by a library that is loaded by name.
        for name in ("libnss_dns.so.2", "libnss_files.so.2", "libresolv.so.2"):
            for path in pathlib.Path("/lib").glob(f"*-linux-gnu/{name}"):
                found[str(path)] = path.resolve()
    return found


class Layer:
    """A tar archive whose members have no time and no owner of their own."""

    def __init__(self):
        self.bytes = io.BytesIO()
        self.tar = tarfile.open(fileobj=self.bytes, mode="w", format=tarfile.PAX_FORMAT)
        self.folders = set()

    def folder(self, path, mode=0o755, owner=0):
        path = path.strip("/")
        if not path or path in self.folders:
            return
        self.folder(os.path.dirname(path))
        self.folders.add(path)
        self.put(tarfile.TarInfo(path), None, mode, owner, tarfile.DIRTYPE)

    def file(self, path, content, mode=0o644):
        self.folder(os.path.dirname(path))
        self.put(tarfile.TarInfo(path.strip("/")), content, mode, 0, tarfile.REGTYPE)

    def put(self, info, content, mode, owner, kind):
        info.mode, info.uid, info.gid, info.mtime, info.type = mode, owner, owner, EPOCH, kind
        info.size = len(content) if content is not None else 0
        self.tar.addfile(info, io.BytesIO(content) if content is not None else None)

    def finish(self):
        self.tar.close()
        return self.bytes.getvalue()


def make_layer(binary):
    layer = Layer()
    layer.folder("etc")
    layer.file("etc/passwd", f"root:x:0:0:root:/:/nonexistent\nsigma:x:{USER}:{USER}:sigma:/data:/nonexistent\n".encode())
    layer.file("etc/group", f"root:x:0:\nsigma:x:{USER}:\n".encode())
    layer.file("etc/nsswitch.conf", b"hosts: files dns\n")
    layer.file(AUTHORITIES, pathlib.Path(AUTHORITIES).read_bytes())
    for path, real in sorted(libraries(binary).items()):
        layer.file(path, real.read_bytes(), 0o755)
    layer.file("sigma", binary.read_bytes(), 0o755)
    layer.folder("data", 0o700, USER)
    layer.folder("tmp", 0o1777)
    return layer.finish()


def main():
    arguments = sys.argv[1:]
    tag = arguments[arguments.index("--tag") + 1] if "--tag" in arguments else "latest"
    binary, output = pathlib.Path(arguments[0]), pathlib.Path(arguments[1])
    version = re.search(r'^version = "(.+)"$', (ROOT / "Cargo.toml").read_text(), re.MULTILINE).group(1)
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(EPOCH))
    arch = architecture(binary)
    labels = {
        "org.opencontainers.image.title": "sigma",
        "org.opencontainers.image.description": "Self-hosted identity server",
        "org.opencontainers.image.version": version,
        "org.opencontainers.image.licenses": "Apache-2.0 OR MIT",
        "org.opencontainers.image.created": created,
    }
    blobs = {}

    def blob(content, kind, **more):
        digest = hashlib.sha256(content).hexdigest()
        blobs[f"blobs/sha256/{digest}"] = content
        return {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(content), **more}

    plain = make_layer(binary)
    layer = blob(gzip.compress(plain, COMPRESSION, mtime=0), "application/vnd.oci.image.layer.v1.tar+gzip")
    config = {
        "created": created,
        "architecture": arch,
        "os": "linux",
        "config": {
            "User": f"{USER}:{USER}",
            "ExposedPorts": {"8080/tcp": {}},
            "Env": ["PATH=/", *ENVIRONMENT],
            "Entrypoint": ["/sigma"],
            "Cmd": ["serve"],
            "WorkingDir": "/data",
            "Volumes": {"/data": {}},
            "StopSignal": "SIGTERM",
            "Labels": labels,
            # Not of OCI, but read by Docker and podman.
            "Healthcheck": {
                "Test": ["CMD", "/sigma", "health"],
                "Interval": 10_000_000_000,
                "Timeout": 6_000_000_000,
                "StartPeriod": 30_000_000_000,
                "Retries": 3,
            },
        },
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(plain).hexdigest()]},
        "history": [{"created": created, "created_by": "scripts/dist/image.py"}],
    }
    encoded = json.dumps(config, sort_keys=True).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": blob(encoded, "application/vnd.oci.image.config.v1+json"),
        "layers": [layer],
        "annotations": labels,
    }
    described = blob(
        json.dumps(manifest, sort_keys=True).encode(),
        "application/vnd.oci.image.manifest.v1+json",
        platform={"architecture": arch, "os": "linux"},
        annotations={"org.opencontainers.image.ref.name": tag, "io.containerd.image.name": f"docker.io/library/sigma:{tag}"},
    )
    index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [described]}
    # What Docker before 25 reads.
    former = [
        {
            "Config": next(name for name, content in blobs.items() if content == encoded),
            "RepoTags": [f"sigma:{tag}"],
            "Layers": ["blobs/sha256/" + layer["digest"].split(":")[1]],
        }
    ]
    archive = Layer()
    archive.file("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
    archive.file("index.json", json.dumps(index, sort_keys=True).encode())
    archive.file("manifest.json", json.dumps(former, sort_keys=True).encode())
    for name, content in sorted(blobs.items()):
        archive.file(name, content)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_bytes(archive.finish())
    print(f"{output} sha256:{described['digest'].split(':')[1]}")


main()
