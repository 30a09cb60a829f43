"""Makes docs/reference/findings.md from the rules of the core's checks."""

from trainferry.checks.rules import RULES, Rule
from trainferry.explaining import rules_of_backends
from trainferry.specs.finding import Severity

INTRODUCTION = """\
`ferry check`, `ferry plan` and `ferry run` report findings: what is wrong, where, how to mend it, and in brackets the
name of the rule. First come the rules that hold on every backend, then those that a backend adds. `ferry explain ID`
shows the same."""

EFFECT = {
    Severity.ERROR: "An error stops a job before anything is submitted.",
    Severity.WARNING: "A warning stops nothing, unless `ferry check --strict` asks for it.",
    Severity.NOTE: "A note is advice.",
}


def findings_page() -> str:
    """The page: the rules by severity, each with why it matters and how to mend it."""
    parts = ["# Findings", INTRODUCTION]
    for severity, effect in EFFECT.items():
        rules = {name: rule for name, rule in RULES.items() if rule.severity is severity}
        parts.append(f"## {severity.value.capitalize()}s\n\n{effect}")
        parts += [_section(name, rule) for name, rule in sorted(rules.items())]
    for backend, own in rules_of_backends().items():
        if own:
            parts.append(f"## Of the backend {backend}")
            parts += [_section(name, rule, f"({rule.severity}) ") for name, rule in sorted(own.items())]
    return "\n\n".join(parts) + "\n"


def _section(name: str, rule: Rule, head: str = "") -> str:
    return f"### {name}\n\n{head}{rule.title}. {rule.why}\n\n```text\n{rule.example}\n```\n\nTo mend it: {rule.how}"
