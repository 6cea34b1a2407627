#!/usr/bin/env python3
"""What a release contains, from the lock files: an SBOM (CycloneDX 1.5) and the licences of its packages.

    scripts/dist/inventory.py sbom TARGET       prints the SBOM of the binary for this target
    scripts/dist/inventory.py licences TARGET   prints the licences of its crates
    scripts/dist/inventory.py direct            prints the direct dependencies, one a line

The same commit gives the same bytes: time and serial number come from SOURCE_DATE_EPOCH and the lock files.
"""

import base64
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import tomllib
import urllib.parse
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
# The binary of a release, and the features that it is built with: those of the whole workspace.
BINARY = "sigma"


def metadata(target):
    command = ["cargo", "metadata", "--format-version", "1", "--locked"]
    if target:
        command += ["--filter-platform", target]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)


def linked(meta):
    """The packages that end in the binary: what it depends on, without what only builds or tests it."""
    packages = {package["id"]: package for package in meta["packages"]}
    nodes = {node["id"]: node for node in meta["resolve"]["nodes"]}
    start = next(id for id in meta["workspace_members"] if packages[id]["name"] == BINARY)
    edges, waiting = {}, [start]
    while waiting:
        current = waiting.pop()
        if current in edges:
            continue
        edges[current] = sorted(
            dependency["pkg"]
            for dependency in nodes[current]["deps"]
            # Macros and build scripts are not in the binary.
            if any(kind["kind"] is None for kind in dependency["dep_kinds"])
            and not is_macro(packages[dependency["pkg"]])
        )
        waiting += edges[current]
    return packages, edges, start


def is_macro(package):
    return any("proc-macro" in target["kind"] for target in package["targets"])


def checksums():
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())
    return {(one["name"], one["version"]): one.get("checksum") for one in lock["package"]}


def crate(package, sums):
    name, version = package["name"], package["version"]
    is_own = package["source"] is None
    purl = f"pkg:cargo/{urllib.parse.quote(name)}@{urllib.parse.quote(version)}"
    component = {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
    if is_own:
        # Own crates are in no registry.
        component["purl"] += "?vcs_url=."
    if package.get("license"):
        component["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    checksum = sums.get((name, version))
    if checksum:
        component["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    links = [("vcs", package.get("repository")), ("website", package.get("homepage"))]
    references = [{"type": kind, "url": url} for kind, url in links if url]
    if references and not is_own:
        component["externalReferences"] = references
    return component


def scripts():
    """The npm packages that are bundled into the pages: those whose licences the build of the pages found to be due."""
    texts = "".join(file.read_text() for file in sorted((ROOT / "web/dist").glob("licences-*.txt")))
    bundled = set(re.findall(r"(?:^|-{100}\n\n)(\S+ \S+) \(", texts))
    if not bundled:
        sys.exit("inventory: build the pages first: make web")
    lock = json.loads((ROOT / "web/package-lock.json").read_text())
    found = []
    for path, package in sorted(lock["packages"].items()):
        if not path or package.get("dev") or package.get("optional"):
            continue
        name = path.rsplit("node_modules/", 1)[1]
        if f"{name} {package['version']}" not in bundled:
            continue
        scope, _, short = name.rpartition("/")
        purl = "pkg:npm/" + (urllib.parse.quote(scope, safe="") + "/" if scope else "") + f"{short}@{package['version']}"
        component = {"type": "library", "bom-ref": purl, "name": name, "version": package["version"], "purl": purl}
        if package.get("license"):
            component["licenses"] = [{"license": {"name": package["license"]}}]
        algorithm, _, digest = package.get("integrity", "").partition("-")
        if algorithm == "sha512":
            component["hashes"] = [{"alg": "SHA-512", "content": base64.b64decode(digest).hex()}]
        if component not in found:
            found.append(component)
    return found


def sbom(target):
    packages, edges, start = linked(metadata(target))
    sums = checksums()
    components = {id: crate(packages[id], sums) for id in edges}
    main = {**components.pop(start), "type": "application", "bom-ref": "sigma"}
    main["purl"] = f"pkg:generic/sigma@{main['version']}"
    refs = {id: component["bom-ref"] for id, component in components.items()} | {start: "sigma"}
    bundled = scripts()
    dependencies = [{"ref": refs[id], "dependsOn": sorted(refs[one] for one in edges[id])} for id in edges]
    of_main = next(one for one in dependencies if one["ref"] == "sigma")
    of_main["dependsOn"] = sorted(of_main["dependsOn"] + [one["bom-ref"] for one in bundled])
    dependencies += [{"ref": one["bom-ref"], "dependsOn": []} for one in bundled]
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
    listed = sorted(list(components.values()) + bundled, key=lambda one: one["bom-ref"])
    seed = hashlib.sha256(json.dumps([target, epoch, listed], sort_keys=True).encode()).hexdigest()
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, seed)}",
        "version": 1,
        "metadata": {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch)),
            "tools": {"components": [{"type": "application", "name": "scripts/dist/inventory.py"}]},
            "component": main,
            "properties": [{"name": "sigma:target", "value": target or "all"}],
        },
        "components": listed,
        "dependencies": sorted(dependencies, key=lambda one: one["ref"]),
    }


LICENCE_FILE = re.compile(r"^(licen[cs]e|copying|copyright|notice|unlicense)", re.IGNORECASE)


def licences(target):
    """Each text once, with the crates that are under it."""
    packages, edges, start = linked(metadata(target))
    texts, without = {}, []
    for id in edges:
        package = packages[id]
        if package["source"] is None:
            continue
        folder = pathlib.Path(package["manifest_path"]).parent
        files = sorted(one for one in folder.iterdir() if LICENCE_FILE.match(one.name) and one.is_file())
        named = f"{package['name']} {package['version']} ({package.get('license') or 'see below'})"
        if not files:
            without.append(named)
        for file in files:
            text = "\n".join(line.rstrip() for line in file.read_text(errors="replace").strip().splitlines())
            texts.setdefault(text, []).append(named)
    out = ["The crates that the binary contains, and their licences.", ""]
    for text, users in sorted(texts.items(), key=lambda one: (sorted(one[1])[0], one[0])):
        out += ["=" * 100, *sorted(set(users)), "-" * 100, text, ""]
    if without:
        out += ["=" * 100, "These name their licence and ship no text of it:", *sorted(without), ""]
    return "\n".join(out)


def direct():
    meta = metadata(None)
    own = set(meta["workspace_members"])
    names = {
        dependency["name"]
        for package in meta["packages"]
        if package["id"] in own
        for dependency in package["dependencies"]
        if dependency["source"] is not None
    }
    return sorted(names)


def main():
    what, target = (sys.argv[1:] + ["", ""])[:2]
    if what == "sbom":
        json.dump(sbom(target), sys.stdout, indent=1)
        print()
    elif what == "licences":
        print(licences(target))
    elif what == "direct":
        print("\n".join(direct()))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
