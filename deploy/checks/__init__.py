"""The checks of scripts/check-deploy. Each is a generator of errors."""

from pathlib import Path

DEPLOY = Path(__file__).resolve().parent.parent
ROOT = DEPLOY.parent
CHECKS = []


def check(title):
    """Registers a function as a check."""

    def register(function):
        CHECKS.append((title, function))
        return function

    return register
