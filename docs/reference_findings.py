"""Makes docs/reference/findings.md from the rules of the core's checks."""

from trainferry.checks.rules import RULES, Rule
from trainferry.specs.finding import Severity

INTRODUCTION = """\
`ferry check`, `ferry plan` and `ferry run` report findings: what is wrong, where, how to mend it, and in brackets the
name of the rule. These are the rules that hold on every backend; a backend adds its own."""

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
    return "\n\n".join(parts) + "\n"


def _section(name: str, rule: Rule) -> str:
    return f"### {name}\n\n{rule.title}. {rule.why}\n\n```text\n{rule.example}\n```\n\nTo mend it: {rule.how}"
