"""The chart's manifests, rendered with each file of ci/, and the plain manifests that are made of them."""

import functools
import re

import helm_python as helm
import yaml

from checks import DEPLOY, check

CHART = DEPLOY / "helm/userprofile"
PLAIN = DEPLOY / "kubernetes.yaml"
PLAIN_HEADER = """\
# Generated from the chart in deploy/helm/userprofile, with its ci/minimal.yaml, by `scripts/check-deploy --update`.
# It needs the Secret `userprofile`; deploy/README.md has the commands. To change more than the image and a few
# settings, use the chart.
"""
# The Job comes first, because servers do not start before migrations have been applied.
PLAIN_ORDER = ["migration", "service", "poddisruptionbudget", "deployment"]


@functools.cache
def examples():
    """The values of each file of ci/, by its name."""
    return {file.stem: yaml.safe_load(file.read_text()) for file in sorted((CHART / "ci").glob("*.yaml"))}


def render_texts(values):
    with helm.Chart.load(CHART) as chart:
        chart.validate_schema(values)
        texts = chart.render(values, name="userprofile", namespace="identity", is_install=True)
    return {name.removeprefix("userprofile/templates/"): text for name, text in texts.items()}


@functools.cache
def render(example):
    """The objects of each template."""
    texts = render_texts(examples()[example])
    return {
        name: [document for document in yaml.safe_load_all(text) if document]
        for name, text in texts.items()
        if name.endswith(".yaml")
    }


def all_objects():
    """Each object of each example, with a name for errors."""
    for example in examples():
        for objects in render(example).values():
            for item in objects:
                yield f"{example}: {item['kind']} {item['metadata']['name']}", item


def of_kind(*kinds):
    return ((place, item) for place, item in all_objects() if item["kind"] in kinds)


def pods():
    """The specifications of all pods, with their only container."""
    for place, item in of_kind("Deployment", "Job"):
        pod = item["spec"]["template"]["spec"]
        yield place, pod, pod["containers"][0]


def environment(container):
    return {variable["name"]: variable.get("value") for variable in container["env"]}


def plain_manifests():
    texts = render_texts(examples()["minimal"])
    for name, text in texts.items():
        if name.endswith(".yaml") and text.strip() and name.removesuffix(".yaml") not in PLAIN_ORDER:
            raise ValueError(f"PLAIN_ORDER lacks {name}")
    text = "---\n".join(texts[f"{name}.yaml"].strip() + "\n" for name in PLAIN_ORDER)
    # Without Helm, its labels would be wrong, and its hooks have no effect.
    text = re.sub(r"^ *(helm\.sh/chart|app\.kubernetes\.io/managed-by): .*\n", "", text, flags=re.MULTILINE)
    return PLAIN_HEADER + re.sub(r"^ *annotations:\n(    (#|helm\.sh/).*\n)+", "", text, flags=re.MULTILINE)


def update_plain_manifests():
    PLAIN.write_text(plain_manifests())


@check("deploy/kubernetes.yaml is what the chart renders")
def plain_manifests_are_current():
    if not PLAIN.exists() or PLAIN.read_text() != plain_manifests():
        yield "it is out of date; run scripts/check-deploy --update"
    elif "helm" in PLAIN.read_text().removeprefix(PLAIN_HEADER).lower():
        yield "it mentions Helm"
