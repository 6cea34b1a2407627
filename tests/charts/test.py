"""What the Helm chart makes of values: python test.py HELM. Needs PyYAML."""

import pathlib
import re
import subprocess
import sys
import tempfile
import tomllib

import yaml

HELM = sys.argv[1]
CHART = str(pathlib.Path(__file__).resolve().parents[2] / "packaging/helm/sigma")
NEEDED = ["--set", "issuer=https://id.example.org", "--set", "existingSecret=sigma"]
passed = 0


def helm(*arguments):
    return subprocess.run([HELM, *arguments], capture_output=True, text=True)


def render(*arguments, name="id"):
    done = helm("template", name, CHART, "--namespace", "identity", *NEEDED, *arguments)
    assert done.returncode == 0, done.stderr
    return {(one["kind"], one["metadata"]["name"]): one for one in yaml.safe_load_all(done.stdout) if one}


def refused(message, *arguments):
    done = helm("template", "id", CHART, *arguments)
    assert done.returncode != 0 and message in done.stderr, (arguments, done.stdout[-300:], done.stderr)


def test(function):
    global passed
    function()
    passed += 1
    print("ok -", function.__name__.replace("_", " "))


def kinds(objects):
    return sorted(kind for kind, _ in objects)


@test
def the_chart_passes_lint():
    done = helm("lint", "--strict", CHART, *NEEDED)
    assert done.returncode == 0, done.stdout + done.stderr


@test
def the_defaults_are_two_hardened_pods_with_probes_a_budget_and_a_policy():
    objects = render()
    assert kinds(objects) == [
        "ConfigMap", "Deployment", "NetworkPolicy", "Pod", "PodDisruptionBudget", "Service", "ServiceAccount",
    ], kinds(objects)
    spec = objects["Deployment", "id-sigma"]["spec"]
    assert spec["replicas"] == 2 and spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    pod = spec["template"]["spec"]
    container = pod["containers"][0]
    assert pod["automountServiceAccountToken"] is False and pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
    }
    probes = [container[name]["httpGet"]["path"] for name in ("startupProbe", "livenessProbe", "readinessProbe")]
    assert probes == ["/readyz", "/livez", "/readyz"], probes
    assert container["envFrom"] == [{"secretRef": {"name": "sigma"}}]
    assert container["image"] == "sigma:0.1.0" and container["resources"]["limits"] == {"memory": "256Mi"}
    assert pod["terminationGracePeriodSeconds"] >= 30
    budget = objects["PodDisruptionBudget", "id-sigma"]["spec"]
    assert budget["minAvailable"] == 1
    labels = spec["template"]["metadata"]["labels"]
    selectors = [
        budget["selector"]["matchLabels"],
        objects["NetworkPolicy", "id-sigma"]["spec"]["podSelector"]["matchLabels"],
        objects["Service", "id-sigma"]["spec"]["selector"],
        spec["selector"]["matchLabels"],
    ]
    probe = objects["Pod", "id-sigma-health"]["metadata"]["labels"]
    for selector in selectors:
        assert selector == selectors[0] and selector.items() <= labels.items(), selector
        assert not selector.items() <= probe.items(), "the service must not lead to the pod of the test"
    policy = objects["NetworkPolicy", "id-sigma"]["spec"]
    assert sorted(policy["policyTypes"]) == ["Egress", "Ingress"]
    assert [port["port"] for rule in policy["egress"] for port in rule["ports"]] == [53, 53, 443, 465, 587, 5432]


@test
def the_configuration_holds_the_settings_and_what_the_chart_decides():
    # From a file, where numbers are floating-point to Helm.
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as values:
        values.write("settings: {tokens: {access_seconds: 600}, http: {trusted_proxies: [10.42.0.0/16]}}")
        values.flush()
        objects = render("--values", values.name)
    written = tomllib.loads(objects["ConfigMap", "id-sigma"]["data"]["sigma.toml"])
    assert written["issuer"] == "https://id.example.org" and written["listen"] == "[::]:8080", written
    assert isinstance(written["tokens"]["access_seconds"], int), written
    assert written["tokens"]["access_seconds"] == 600 and written["http"]["trusted_proxies"] == ["10.42.0.0/16"]
    assert written["metrics"] == {"listen": "[::]:9090"} and written["objects"] == {"folder": "/data/objects"}
    assert written["log"] == {"format": "json"}
    annotation = lambda objects: objects["Deployment", "id-sigma"]["spec"]["template"]["metadata"]["annotations"]["checksum/config"]
    assert annotation(objects) != annotation(render()), "a change restarts the pods"
    bucket = render("--set", "settings.objects.s3.bucket=logos")
    assert tomllib.loads(bucket["ConfigMap", "id-sigma"]["data"]["sigma.toml"])["objects"] == {"s3": {"bucket": "logos"}}


@test
def the_values_of_the_guide_render():
    guide = (pathlib.Path(CHART) / "../../../docs/guides/kubernetes.md").resolve().read_text()
    block = re.search(r"`values.yaml`:\n\n```yaml\n(.*?)```", guide, re.DOTALL).group(1)
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as values:
        values.write(block)
        values.flush()
        objects = render("--values", values.name, name="sigma")
    pod = objects["Deployment", "sigma"]["spec"]["template"]["spec"]
    assert {"name": "database-ca", "mountPath": "/etc/sigma-db", "readOnly": True} in pod["containers"][0]["volumeMounts"]
    written = tomllib.loads(objects["ConfigMap", "sigma"]["data"]["sigma.toml"])
    assert written["objects"]["s3"] == {"bucket": "sigma-logos", "region": "eu-central-1"}
    assert ("Ingress", "sigma") in objects


@test
def options_add_and_remove_what_they_say():
    objects = render(
        "--set", "ingress.enabled=true,ingress.className=nginx,ingress.tlsSecret=id-tls,metrics.enabled=false",
        "--set", "networkPolicy.enabled=false,podDisruptionBudget.enabled=false,serviceAccount.create=false",
        "--set", "image.digest=sha256:" + "0" * 64, "--set", "objects.existingClaim=logos", name="sigma",
    )
    assert kinds(objects) == ["ConfigMap", "Deployment", "Ingress", "Pod", "Service"], kinds(objects)
    rule = objects["Ingress", "sigma"]["spec"]
    assert rule["rules"][0]["host"] == "id.example.org" and rule["tls"] == [{"hosts": ["id.example.org"], "secretName": "id-tls"}]
    pod = objects["Deployment", "sigma"]["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"] == "sigma@sha256:" + "0" * 64 and len(pod["containers"][0]["ports"]) == 1
    assert {"name": "data", "persistentVolumeClaim": {"claimName": "logos"}} in pod["volumes"]
    assert pod["serviceAccountName"] == "default"
    monitored = render("--set", "metrics.serviceMonitor=true", "--api-versions", "monitoring.coreos.com/v1")
    assert ("ServiceMonitor", "id-sigma") in monitored


@test
def values_that_cannot_work_are_refused():
    refused("existingSecret", "--set", "issuer=https://id.example.org")
    for issuer in ("", "id.example.org", "http://id.example.org", "https://id.example.org/", "https://id.example.org/auth"):
        refused("issuer", "--set", f"issuer={issuer}", "--set", "existingSecret=sigma")
    refused("replicass", *NEEDED, "--set", "replicass=3")
    refused("replicas", *NEEDED, "--set", "replicas=0")
    refused("settings", *NEEDED, "--set", "settings.master_key.value=secret")
    refused("store", *NEEDED, "--set", "settings.store.url=postgres://sigma:secret@db/sigma")
    refused("terminationGracePeriodSeconds", *NEEDED, "--set", "terminationGracePeriodSeconds=5")


print(f"{passed} passed, 0 failed")
