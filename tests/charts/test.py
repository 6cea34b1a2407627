"""What the Helm chart makes of values: python test.py HELM. Needs PyYAML."""

import base64
import contextlib
import http.server
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
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


@contextlib.contextmanager
def cluster(secret):
    """The part of a Kubernetes API that `lookup` asks: its address. It has one Secret, or none."""
    kind = {"name": "secrets", "singularName": "secret", "namespaced": True, "kind": "Secret", "verbs": ["get", "list"]}
    found = None
    if secret is not None:
        data = {key: base64.b64encode(value.encode()).decode() for key, value in secret.items()}
        metadata = {"name": "sigma", "namespace": "identity"}
        found = {"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": metadata, "data": data}
    answers = {
        "/version": {"major": "1", "minor": "30", "gitVersion": "v1.30.0"},
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
        "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": [kind]},
        "/api/v1/namespaces/identity/secrets/sigma": found,
    }

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            answer = answers.get(self.path.split("?")[0])
            missing = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404}
            body = json.dumps(answer or missing).encode()
            self.send_response(200 if answer else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def installed(secret, *arguments):
    """What an install into a cluster with this Secret says on standard error; nothing if it succeeds."""
    with cluster(secret) as address, tempfile.TemporaryDirectory() as home:
        # As an install asks it, without creating what it renders.
        config = pathlib.Path(home, "config")
        config.write_text("")
        server = ["--dry-run=server", "--kube-apiserver", address, "--kubeconfig", str(config), "--disable-openapi-validation"]
        done = helm("template", "id", CHART, "--namespace", "identity", *NEEDED, *server, *arguments)
    return "" if done.returncode == 0 else done.stderr


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


DATABASE = {"SIGMA__STORE__URL": "postgres://sigma:secret@db/sigma"}
KEY = {"SIGMA__MASTER_KEY__VALUE": "c2VjcmV0"}


@test
def no_pod_starts_without_the_keys_that_the_secret_must_have():
    def from_secret(*arguments):
        container = render(*arguments)["Deployment", "id-sigma"]["spec"]["template"]["spec"]["containers"][0]
        references = [one["valueFrom"]["secretKeyRef"] | {"as": one["name"]} for one in container["env"] if "valueFrom" in one]
        assert all(one["name"] == "sigma" and one["key"] == one["as"] and "optional" not in one for one in references)
        return [one["key"] for one in references]

    assert from_secret() == ["SIGMA__STORE__URL", "SIGMA__MASTER_KEY__VALUE"]
    variable = lambda name: ("--set", f"extraEnv[0].name={name},extraEnv[0].value=x")
    for other in ("VALUE", "FILE", "COMMAND"):
        assert from_secret(*variable(f"SIGMA__MASTER_KEY__{other}")) == ["SIGMA__STORE__URL"], other
    assert from_secret(*variable("SIGMA__STORE__URL")) == ["SIGMA__MASTER_KEY__VALUE"]


@test
def an_install_fails_if_the_secret_lacks_a_key_or_names_a_database_file():
    assert installed(DATABASE | KEY) == ""
    assert "the Secret sigma has no SIGMA__STORE__URL" in installed(KEY)
    assert "the Secret sigma has no SIGMA__STORE__URL" in installed(KEY | {"SIGMA__STORE__URL": "\n"})
    assert "the Secret sigma has no SIGMA__MASTER_KEY__VALUE" in installed(DATABASE)
    assert "the Secret sigma has no SIGMA__STORE__URL" in installed({})
    assert "is not the address of a PostgreSQL database" in installed(KEY | {"SIGMA__STORE__URL": "sqlite:/data/sigma.sqlite"})
    key_elsewhere = ("--set", "extraEnv[0].name=SIGMA__MASTER_KEY__FILE,extraEnv[0].value=/key/sigma.key")
    assert installed(DATABASE, *key_elsewhere) == ""
    # Something else may make it later; the pods wait for it.
    assert installed(None) == ""


@test
def values_that_cannot_work_are_refused():
    refused("existingSecret", "--set", "issuer=https://id.example.org")
    for issuer in ("", "id.example.org", "http://id.example.org", "https://id.example.org/", "https://id.example.org/auth"):
        refused("issuer", "--set", f"issuer={issuer}", "--set", "existingSecret=sigma")
    refused("replicass", *NEEDED, "--set", "replicass=3")
    refused("replicas", *NEEDED, "--set", "replicas=0")
    refused("master_key", *NEEDED, "--set", "settings.master_key.value=secret")
    refused("store", *NEEDED, "--set", "settings.store.url=postgres://sigma:secret@db/sigma")
    refused("terminationGracePeriodSeconds", *NEEDED, "--set", "terminationGracePeriodSeconds=5")


print(f"{passed} passed, 0 failed")
