"""The rules about the script."""

from collections.abc import Mapping

from trainferry.checks.rules.rule import E, Rule

RULES: Mapping[str, Rule] = {
    "script-syntax": Rule(
        E,
        "The script is not valid Python",
        "It would end as soon as it starts, after the queue and the set-up.",
        "Correct the line.",
        example='print "hi"',
    ),
}
