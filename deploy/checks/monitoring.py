"""Alerts and the dashboard."""

import json
import re
import subprocess
import tempfile
from pathlib import Path

import yaml

from checks import DEPLOY, ROOT, check, facts
from checks.manifests import CHART

ALERTS = CHART / "files/alerts.yaml"
TESTS = DEPLOY / "alerts.test.yaml"
# Labels that Prometheus adds.
TARGET_LABELS = {"namespace", "job", "instance"}
# Words of PromQL that are not functions.
KEYWORDS = {"and", "or", "unless", "by", "on", "without", "ignoring", "group_left", "group_right", "offset", "bool"}


def promtool(*arguments):
    run = subprocess.run(["promtool", *arguments], capture_output=True, text=True)
    if run.returncode:
        yield (run.stdout + run.stderr).strip()


def rules():
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


def panels():
    return json.loads((DEPLOY / "grafana/userprofile.json").read_text())["panels"]


def expressions():
    """All expressions, with a name for errors."""
    yield from ((f"alert {rule['alert']}", rule["expr"]) for rule in rules())
    for panel in panels():
        yield from ((f"panel {panel['title']}", target["expr"]) for target in panel.get("targets", []))


@check("promtool accepts the alerts")
def alerts_are_valid():
    yield from promtool("check", "rules", str(ALERTS))


@check("The tests of the alerts pass")
def alerts_fire():
    yield from promtool("test", "rules", str(TESTS))


@check("Every alert has a severity, a summary, a description, and a test in which it fires")
def alerts_are_complete():
    tests = TESTS.read_text()
    for rule in rules():
        if rule["labels"].get("severity") not in ("critical", "warning"):
            yield f"{rule['alert']}: its severity is neither critical nor warning"
        if set(rule["annotations"]) != {"summary", "description"}:
            yield f"{rule['alert']}: it needs a summary and a description"
        if f'alertname="{rule["alert"]}"' not in tests:
            yield f"{rule['alert']}: no test expects it to fire"


@check("Alerts and dashboard use only metrics and labels that the server has")
def metrics_exist():
    known = facts.metrics()
    for place, text in expressions():
        used = re.findall(r"\b([a-z]\w*)\b(?!\s*\()(?:\{(.*?)\})?", selectors_only(text), re.DOTALL)
        used = [(name, matchers) for name, matchers in used if name not in KEYWORDS]
        if not used:
            yield f"{place}: it uses no metric"
        for name, matchers in used:
            if name not in known:
                yield f"{place}: there is no metric {name}"
                continue
            labels = set(re.findall(r"(\w+)\s*[!=]", re.sub(r'"[^"]*"', '""', matchers)))
            if not labels <= known[name] | TARGET_LABELS:
                yield f"{place}: {name} has no label {', '.join(labels - known[name] - TARGET_LABELS)}"
            if "job" not in labels:
                yield f"{place}: {name} is not limited to the job of UserProfile"
        grouped = {label for group in re.findall(r"\b(?:by|on) \(([^)]*)\)", text) for label in group.split(", ")}
        if unknown := grouped - TARGET_LABELS - set().union(*(known.get(name, set()) for name, _ in used)):
            yield f"{place}: no metric has the label {', '.join(unknown)}"


def selectors_only(text):
    """An expression without groupings, ranges, and durations, in which only metrics, functions, and keywords remain."""
    text = re.sub(r"\b(by|on) \([^)]*\)", "", text)
    return re.sub(r"\[[^\]]*\]|\boffset \w+", "", text)


@check("Values of labels in alerts and dashboard occur in the code")
def label_values_exist():
    code = "".join(file.read_text() for file in sorted((ROOT / "src").rglob("*.rs")))
    # Error codes of mutations are values of its enums.
    in_schema = set(re.findall(r"^\s+([A-Z_]+)$", (ROOT / "schema.graphql").read_text(), re.MULTILINE))
    for place, text in expressions():
        for label, value in re.findall(r'(\w+)[!=]?[=~]"([^"$]*)"', text):
            if label in TARGET_LABELS or label == "http_response_status_code":
                continue
            for part in value.split("|"):
                prefix = part.removesuffix(".*")
                if part in in_schema:
                    continue
                if f'"{part}"' not in code and (prefix == part or f'"{prefix}' not in code):
                    yield f"{place}: nothing has the {label} {part}"


@check("promtool accepts the expressions of the dashboard")
def dashboard_expressions():
    queries = [text for place, text in expressions() if place.startswith("panel")]
    queries = [query.replace("$__rate_interval", "5m") for query in queries]
    recorded = [{"record": f"panel:{number}", "expr": query} for number, query in enumerate(queries)]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "panels.yaml")
        file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": recorded}]}))
        yield from promtool("check", "rules", str(file))


@check("The dashboard is well-formed")
def dashboard():
    text = (DEPLOY / "grafana/userprofile.json").read_text()
    board = json.loads(text)
    variables = {variable["name"]: variable["type"] for variable in board["templating"]["list"]}
    if variables.get("datasource") != "datasource":
        yield "the data source is no variable"
    for name in set(re.findall(r"\$\{?(\w+)", text)) - set(variables) - {"__rate_interval", "__all"}:
        yield f"there is no variable {name}"
    numbers = [panel["id"] for panel in panels()]
    if len(numbers) != len(set(numbers)):
        yield "two panels have the same id"
    taken = {}
    for panel in panels():
        place = panel["gridPos"]
        for cell in [(place["x"] + i, place["y"] + j) for i in range(place["w"]) for j in range(place["h"])]:
            if taken.setdefault(cell, panel["title"]) != panel["title"] or cell[0] > 23:
                yield f"the panel {panel['title']} overlaps with {taken[cell]}, or leaves the grid"
                break
        for source in [panel.get("datasource"), *(target.get("datasource") for target in panel.get("targets", []))]:
            if source and source != {"type": "prometheus", "uid": "${datasource}"}:
                yield f"the panel {panel['title']} does not use the variable"
