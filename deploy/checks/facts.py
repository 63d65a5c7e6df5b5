"""What the product's own documentation and code say, for comparison."""

import re

from checks import ROOT

# Running requests finish within 30 s (docs/operations.md, Signals), then a message that is being sent within 10 s, then traces
# within 5 s.
SECONDS_TO_FINISH = 45

# Variables that are not settings: the file with settings, and the trusted roots of TLS.
OTHER_VARIABLES = {"USERPROFILE_CONFIG", "SSL_CERT_FILE"}


def settings():
    """The environment variables of all settings."""
    table = (ROOT / "docs/configuration.md").read_text()
    return set(re.findall(r"^\| `\w+` \| `(\w+)` \|", table, re.MULTILINE)) | OTHER_VARIABLES


def secrets():
    """The variables that hold a secret, of which each can be read from a file."""
    return {name.removesuffix("_FILE") for name in settings() if name.endswith("_FILE")} - {"SSL_CERT"}


def errors_of_environment(place, environment):
    """Unknown settings, and secrets in variables."""
    for name in sorted(set(environment) - settings()):
        yield f"{place}: {name} is not a setting of docs/configuration.md"
    for name in sorted(set(environment) & secrets()):
        yield f"{place}: {name} is a secret; give it as a file, with {name}_FILE"


def seconds(text):
    number, unit = re.fullmatch(r"(\d+)(s|m|min)", text).groups()
    return int(number) * (1 if unit == "s" else 60)


def errors_of_shutdown(place, delay, limit):
    """The process must not be killed while it finishes."""
    needed = seconds(delay) + SECONDS_TO_FINISH
    if limit <= needed:
        yield f"{place}: the process is killed after {limit} s, but may need {needed} s to finish"


def metrics():
    """The time series of src/metrics, by name, with the labels of their own."""
    series = {"up": set()}
    for file in sorted((ROOT / "src/metrics").glob("*.rs")):
        code = file.read_text()
        labels = dict(re.findall(r"EncodeLabelSet\)\]\n(?:pub )?struct (\w+) \{(.*?)\n\}", code, re.DOTALL))
        registered = r'(?:\.register(?:_with_unit)?|(gauge|seconds))\((?:\s*registry,)?\s*"(\w+)",\s*(.*?)\);\n'
        for helper, name, arguments in re.findall(registered, code, re.DOTALL):
            unit = re.search(r"Unit::(\w+)", arguments)
            name += f"_{unit[1].lower()}" if unit else "_seconds" if helper == "seconds" else ""
            kind, label_struct = type_of(arguments, code)
            own = set(re.findall(r"^    (?:pub )?(?:r#)?(\w+):", labels.get(label_struct, ""), re.MULTILINE))
            if kind == "Info":
                series[f"{name}_info"] = {"version", "commit"}
            elif kind == "Counter":
                series[f"{name}_total"] = own
            elif kind == "Histogram":
                series |= {f"{name}_bucket": own | {"le"}, f"{name}_count": own, f"{name}_sum": own}
            else:
                series[name] = own
    return series


def type_of(arguments, code):
    """The type of a registered metric, by its field or variable, and its labels' struct, if it is a family."""
    variable = re.search(r"(?:self\.)?(\w+)(?:\.clone\(\))?,?\s*$", arguments)
    declared = re.search(rf"^\s*(?:let )?{variable[1]}(?:: | = )(.*)$", code, re.MULTILINE) if variable else None
    family = re.search(r"Family<(\w+),", declared[1]) if declared else None
    kind = re.search(r"Info|Counter|Histogram|Gauge", f"{declared[1] if declared else ''} {arguments}")
    return kind[0] if kind else "Gauge", family and family[1]
