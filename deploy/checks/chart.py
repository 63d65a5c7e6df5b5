"""The chart, and the objects that it creates."""

import json
from itertools import pairwise

import helm_python as helm
import kubernetes_validate
import yaml

from checks import ROOT, check, facts
from checks.manifests import CHART, all_objects, environment, examples, of_kind, pods, render, render_texts

# Kinds that other programs define, so that the validator of Kubernetes does not know them.
CUSTOM_KINDS = {"ServiceMonitor", "PrometheusRule"}


@check("The chart passes helm lint, with each example of values")
def lint():
    for name, values in examples().items():
        report = helm.lint(CHART, values, strict=True)
        yield from (f"{name}: {message['error']}" for message in report["messages"] if message["severity"] > 1)
        yield from (f"{name}: {error}" for error in report["errors"])


@check("Objects are valid on the oldest and the newest version of Kubernetes")
def kubernetes_objects():
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    oldest = chart["kubeVersion"].removeprefix(">=").removesuffix(".0-0")
    for place, item in all_objects():
        for version in (oldest, kubernetes_validate.latest_version()):
            try:
                if item["kind"] not in CUSTOM_KINDS:
                    kubernetes_validate.validate(item, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                yield f"{place}: {'.'.join(map(str, error.path))}: {error.message} (Kubernetes {version})"


@check("ServiceMonitor and PrometheusRule are well-formed, and refer to what exists")
def custom_objects():
    alerts = yaml.safe_load((CHART / "files/alerts.yaml").read_text())
    for place, item in of_kind(*CUSTOM_KINDS):
        if item["apiVersion"] != "monitoring.coreos.com/v1":
            yield f"{place}: wrong apiVersion"
        if item["kind"] == "PrometheusRule" and item["spec"] != alerts:
            yield f"{place}: its groups are not those of files/alerts.yaml"
        if item["kind"] == "ServiceMonitor":
            spec = item["spec"]
            services = [service for _, service in of_kind("Service") if selects(spec["selector"], service)]
            ports = {port["name"] for service in services for port in service["spec"]["ports"]}
            if set(spec) != {"selector", "endpoints"} or [end["port"] for end in spec["endpoints"]] != list(ports):
                yield f"{place}: it does not scrape exactly the port of one Service: {ports}"
            rules = spec["endpoints"][0]["relabelings"]
            if rules != [{"targetLabel": "job", "replacement": "userprofile"}]:
                yield f"{place}: the job is not named as the alerts expect it"


@check("The example full.yaml creates an object of every template but the Secret of a trial")
def all_templates():
    for name, objects in render("full").items():
        if bool(objects) == (name == "secret.yaml"):
            yield f"{name} creates {len(objects)} objects"


def keys(values, schema, path=""):
    """Compares the keys of values and schema, where the schema lists them."""
    listed = schema.get("properties", {})
    if listed:
        for name in sorted(set(values) ^ set(listed) - {"global"}):
            yield f"{path}{name} is only in one of values.yaml and values.schema.json"
        if schema.get("additionalProperties") is not False:
            yield f"{path or 'The schema'} permits unknown values"
        for name in set(values) & set(listed):
            yield from keys(values[name], listed[name], f"{path}{name}.")


@check("Every value has a comment, and the schema lists exactly these values")
def values_and_schema():
    text = (CHART / "values.yaml").read_text()
    yield from keys(yaml.safe_load(text), json.loads((CHART / "values.schema.json").read_text()))
    lines = text.splitlines()
    for before, line in pairwise(["", *lines]):
        if line and not line.lstrip().startswith("#") and not before.lstrip().startswith("# "):
            yield f"no comment above `{line.strip()}`"


@check("Wrong values are refused, and the error names them")
def wrong_values():
    secret = {"secrets": {"existingSecret": "x"}}
    for values, part in [
        ({}, "secrets.existingSecret is empty"),
        ({"secrets": {"existingSecret": "x", "values": {"secretKey": "x"}}}, "give only one of the two"),
        (secret | {"replica": 3}, "replica"),
        (secret | {"mail": {"from": "noreply@example.com"}}, "publicUrl is empty"),
        (secret | {"ingress": {"enabled": True}}, "hosts"),
        # YAML reads `off` as a boolean, which the server would not understand.
        (secret | {"settings": {"USERPROFILE_COOKIES": False}}, "USERPROFILE_COOKIES"),
        (secret | {"settings": {"USERPROFILE_SECRET_KEY": "x"}}, "USERPROFILE_SECRET_KEY"),
        (secret | {"settings": {"DATABASE_URL": "x"}}, "DATABASE_URL"),
    ]:
        try:
            render_texts(values)
            yield f"{values} is accepted"
        except helm.HelmError as error:
            if part not in str(error):
                yield f"the error of {values} does not contain `{part}`: {error}"


@check("Containers have the strictest security context, and no service account token")
def security_context():
    for place, pod, container in pods():
        if len(pod["containers"]) != 1 or "initContainers" in pod:
            yield f"{place}: other containers are not checked"
        context = pod["securityContext"]
        if context.get("runAsNonRoot") is not True or context.get("runAsUser") != 65532:
            yield f"{place}: it does not run as the user 65532"
        if context.get("seccompProfile") != {"type": "RuntimeDefault"}:
            yield f"{place}: it does not use the seccomp profile RuntimeDefault"
        if pod.get("automountServiceAccountToken") is not False:
            yield f"{place}: it has a service account token"
        if container.get("securityContext") != {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }:
            yield f"{place}: its container may do more than needed"
        if not {"requests", "limits"} <= set(container["resources"]):
            yield f"{place}: it has no requests or limits"


@check("Secrets are only in Secrets, and are mounted as files")
def secrets():
    values = examples()["trial"]["secrets"]["values"].values()
    for place, item in all_objects():
        if item["kind"] != "Secret" and any(value in json.dumps(item) for value in values):
            yield f"{place}: it contains a secret"
    for place, pod, container in pods():
        if container["args"] not in (["serve"], ["migrate"]) or "command" in container:
            yield f"{place}: unexpected arguments {container['args']}"
        if any(set(variable) != {"name", "value"} for variable in container["env"]):
            yield f"{place}: a variable is not a plain value"
        volumes = {volume["name"]: volume["secret"] for volume in pod["volumes"] if "secret" in volume}
        files = {
            f"{mount['mountPath']}/{item['path']}"
            for mount in container["volumeMounts"]
            for item in volumes.get(mount["name"], {"items": []})["items"]
        }
        variables = environment(container).items()
        named = {value for name, value in variables if name.removesuffix("_FILE") in facts.secrets()}
        if named != files:
            yield f"{place}: the settings name {sorted(named)}, but {sorted(files)} are mounted"


@check("Settings of the chart exist")
def settings():
    for place, _, container in pods():
        yield from facts.errors_of_environment(place, environment(container))
        if len(environment(container)) != len(container["env"]):
            yield f"{place}: a variable occurs twice"


@check("Servers have time to finish, and an update takes none away")
def shutdown():
    for place, item in of_kind("Deployment"):
        pod = item["spec"]["template"]["spec"]
        delay = environment(pod["containers"][0])["USERPROFILE_SHUTDOWN_DELAY"]
        yield from facts.errors_of_shutdown(place, delay, pod["terminationGracePeriodSeconds"])
        if item["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] != 0:
            yield f"{place}: an update takes servers away before new ones are ready"


def selects(selector, item):
    wanted = selector.get("matchLabels", {})
    return bool(wanted) and wanted.items() <= item["metadata"]["labels"].items()


@check("Selectors select the servers, and never a migration")
def selectors():
    for example in examples():
        objects = [item for group in render(example).values() for item in group if "spec" in item]
        pod = {item["kind"]: item["spec"]["template"] for item in objects if item["kind"] in ("Deployment", "Job")}
        selecting = [
            (f"{example}: {item['kind']} {item['metadata']['name']}", selector_of(item))
            for item in objects
            if item["kind"] in ("Deployment", "NetworkPolicy", "PodDisruptionBudget", "Service")
        ]
        for spread in pod["Deployment"]["spec"]["topologySpreadConstraints"]:
            selecting.append((f"{example}: topologySpreadConstraints", spread["labelSelector"]))
        for place, selector in selecting:
            if not selects(selector, pod["Deployment"]):
                yield f"{place}: it does not select the servers"
            if selects(selector, pod["Job"]):
                yield f"{place}: it selects migrations"


def selector_of(item):
    selector = item["spec"].get("selector") or item["spec"]["podSelector"]
    # The selector of a Service is only labels.
    return {"matchLabels": selector} if item["kind"] == "Service" else selector


@check("The autoscaler and the Ingress refer to the servers")
def references():
    objects = {item["kind"]: item for group in render("full").values() for item in group}
    deployment, name = objects["Deployment"], objects["Deployment"]["metadata"]["name"]
    if objects["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]["name"] != name:
        yield "the autoscaler does not scale the Deployment"
    if "replicas" in deployment["spec"]:
        yield "the Deployment sets replicas, and so undoes what the autoscaler does"
    for rule in objects["Ingress"]["spec"]["rules"]:
        (path,) = rule["http"]["paths"]
        if path["backend"]["service"] != {"name": name, "port": {"name": "http"}}:
            yield f"the Ingress forwards {rule['host']} elsewhere"


@check("Ports and probes of servers are those that the server has")
def ports_and_probes():
    for example in examples():
        objects = {item["kind"]: item for group in render(example).values() for item in group}
        container = objects["Deployment"]["spec"]["template"]["spec"]["containers"][0]
        ports = {port["name"]: str(port["containerPort"]) for port in container["ports"]}
        listening = {
            "http": environment(container)["USERPROFILE_LISTEN"].rpartition(":")[2],
            "metrics": environment(container)["USERPROFILE_METRICS_LISTEN"].rpartition(":")[2],
        }
        if ports != listening:
            yield f"{example}: the server listens on {listening}, but the container has {ports}"
        for probe, path in (("liveness", "/healthz"), ("readiness", "/readyz"), ("startup", "/healthz")):
            if container[f"{probe}Probe"]["httpGet"] != {"path": path, "port": "http"}:
                yield f"{example}: the {probe} probe is not {path}"
        if container["readinessProbe"]["timeoutSeconds"] <= 2:
            yield f"{example}: the readiness probe does not wait for the 2 s that the database has"
        policy = objects.get("NetworkPolicy", {"spec": {"ingress": []}})["spec"]["ingress"]
        used = {port["port"] for rule in policy for port in rule["ports"]}
        used |= {port["targetPort"] for _, service in of_kind("Service") for port in service["spec"]["ports"]}
        if not used <= set(ports):
            yield f"{example}: ports {used - set(ports)} do not exist"


@check("The version is the same everywhere")
def versions():
    version = yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"]
    for file in ("compose.yaml", "README.md", "kubernetes.yaml"):
        if f"userprofile:{version}" not in (ROOT / "deploy" / file).read_text():
            yield f"deploy/{file} does not name userprofile:{version}"
