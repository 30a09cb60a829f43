"""What every kind of finding means: the core's rules, and those that the installed backends tell of."""

from collections.abc import Mapping

from trainferry.checks.rules import RULES, Rule
from trainferry.errors import CapabilityMissing, PluginError
from trainferry.plugins import BACKENDS, entries, load_backend


def every_rule() -> dict[str, Rule]:
    """All rules by id; one of the core wins over a backend's of the same id."""
    found: dict[str, Rule] = {}
    for rules in rules_of_backends().values():
        found |= rules
    return dict(sorted({**found, **RULES}.items()))


def rules_of_backends() -> dict[str, Mapping[str, Rule]]:
    """The rules of each installed backend that tells them, by its name; one that can't be loaded is left out."""
    found: dict[str, Mapping[str, Rule]] = {}
    for name in sorted({entry.name for entry in entries(BACKENDS)}):
        try:
            found[name] = load_backend(name).rules()
        except (CapabilityMissing, PluginError):
            continue
    return found
