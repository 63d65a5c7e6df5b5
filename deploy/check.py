"""Checks what is in deploy/; scripts/check-deploy runs it."""

import sys
import traceback

from checks import CHECKS, chart, hosts, manifests, monitoring  # noqa: F401 (importing them registers their checks)


def errors_of(function):
    """The errors that a check finds; a check that cannot continue has failed, too."""
    try:
        yield from function()
    except Exception:
        yield traceback.format_exc()


def main(arguments):
    if arguments not in ([], ["--update"]):
        sys.exit("usage: scripts/check-deploy [--update]")
    if arguments:
        manifests.update_plain_manifests()
    failed = 0
    for title, function in CHECKS:
        errors = list(errors_of(function))
        print("FAILED" if errors else "ok    ", title)
        for error in errors:
            print("       -", error)
        failed += bool(errors)
    if failed:
        sys.exit(f"deploy: {failed} of {len(CHECKS)} checks failed")
    print(f"deploy: {len(CHECKS)} checks passed")


main(sys.argv[1:])
