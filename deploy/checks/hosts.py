"""The Compose file, the systemd unit, and deploy/README.md."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import yaml

from checks import DEPLOY, ROOT, check, facts

UNIT = DEPLOY / "userprofile.service"
# How much the service may do, on systemd's scale from 0 (nothing) to 100.
MAXIMUM_EXPOSURE = 20


def compose():
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


@check("Containers of the Compose file are restricted")
def compose_security():
    for name, service in compose()["services"].items():
        if service.get("user") not in ("65532:65532", "postgres"):
            yield f"{name}: it does not run as an unprivileged user"
        if service.get("read_only") is not True:
            yield f"{name}: its root file system is writable"
        if service.get("cap_drop") != ["ALL"] or service.get("security_opt") != ["no-new-privileges:true"]:
            yield f"{name}: it has capabilities, or may gain privileges"
        for port in service.get("ports", []):
            if not port.startswith("127.0.0.1:"):
                yield f"{name}: the port {port} is open to other machines"
        if "9464" in str(service.get("ports")):
            yield f"{name}: the metrics are published"


@check("Settings of the Compose file exist, and secrets are files")
def compose_settings():
    file = compose()
    for name, service in file["services"].items():
        environment = service["environment"]
        files = {value for key, value in environment.items() if key.endswith("_FILE")}
        if files != {f"/run/secrets/{secret}" for secret in service["secrets"]}:
            yield f"{name}: the settings name {sorted(files)}, but {service['secrets']} are mounted"
        if not set(service["secrets"]) <= set(file["secrets"]):
            yield f"{name}: {service['secrets']} are not all defined"
        if service["image"].startswith("userprofile:"):
            yield from facts.errors_of_environment(name, environment)
        elif "POSTGRES_PASSWORD" in environment:
            yield f"{name}: its password is a variable"
    if any(set(secret) != {"file"} for secret in file["secrets"].values()):
        yield "a secret is not a file"


@check("The Compose file migrates a healthy database before the server starts, and lets it finish")
def compose_order():
    services = compose()["services"]
    server, migration, database = services["userprofile"], services["migrate"], services["database"]
    healthy = {"database": {"condition": "service_healthy"}}
    if server["depends_on"] != healthy | {"migrate": {"condition": "service_completed_successfully"}}:
        yield "userprofile: it does not wait for the migration"
    if migration["depends_on"] != healthy or "pg_isready" not in database["healthcheck"]["test"]:
        yield "migrate: it does not wait for the database"
    if (server["command"], migration["command"]) != (["serve"], ["migrate"]):
        yield "the commands are not `serve` and `migrate`"
    delay = server["environment"].get("USERPROFILE_SHUTDOWN_DELAY", "0s")
    yield from facts.errors_of_shutdown("userprofile", delay, facts.seconds(server["stop_grace_period"]))
    networks = compose()["networks"]
    if database["networks"] != ["database"] or networks["database"] != {"internal": True}:
        yield "database: it is not in an internal network of its own"
    gateway = networks["userprofile"]["ipam"]["config"][0]["gateway"]
    if server["environment"]["USERPROFILE_TRUSTED_PROXIES"] != gateway:
        yield "userprofile: it does not trust the gateway, which is the proxy's address"


def unit_lines(key):
    return re.findall(rf"^#?{key}=(.*)$", UNIT.read_text(), re.MULTILINE)


@check("Settings of the unit exist, secrets are credentials, and the server has time to finish")
def unit_settings():
    variables = dict(line.split("=", 1) for line in unit_lines("Environment"))
    yield from facts.errors_of_environment(UNIT.name, variables)
    credentials = {line.split(":")[0] for line in unit_lines("LoadCredential")}
    named = {value.removeprefix("%d/") for name, value in variables.items() if name.endswith("_FILE")}
    if credentials != named:
        yield f"the settings name the credentials {sorted(named)}, but there are {sorted(credentials)}"
    (limit,) = unit_lines("TimeoutStopSec")
    yield from facts.errors_of_shutdown(UNIT.name, variables["USERPROFILE_SHUTDOWN_DELAY"], facts.seconds(limit))


@check("systemd accepts the unit, and finds it hardened")
def unit_is_valid():
    if not shutil.which("systemd-analyze"):
        print("        (systemd-analyze is not installed: the unit is not verified)")
        return
    with tempfile.TemporaryDirectory() as folder:
        # The program must exist, and is not installed here.
        copy = Path(folder, UNIT.name)
        copy.write_text(UNIT.read_text().replace("/usr/local/bin/userprofile", "/bin/true"))
        verify = ["systemd-analyze", "verify", copy]
        security = ["systemd-analyze", "security", "--offline=true", f"--threshold={MAXIMUM_EXPOSURE}", copy]
        for command in (verify, security):
            run = subprocess.run(command, capture_output=True, text=True)
            if run.returncode or (command is verify and run.stderr):
                yield (run.stderr or run.stdout).strip()


@check("Files that deploy/README.md names exist, and it names every file")
def readme():
    text = (DEPLOY / "README.md").read_text()
    for path in re.findall(r"\]\(([^)#:]+)[^)]*\)", text):
        if not (DEPLOY / path).exists():
            yield f"{path} does not exist"
    for file in sorted(DEPLOY.iterdir()):
        if file.name not in ("README.md", "__pycache__") and file.name not in text:
            yield f"it does not mention {file.name}"
    for path in re.findall(r"\bdeploy/[\w./-]*\w", text):
        if not (ROOT / path).exists() and not path.startswith("deploy/secrets"):
            yield f"{path} does not exist"
