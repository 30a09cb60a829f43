"""Putting findings in order."""

from collections.abc import Iterable

from trainferry.specs.finding import Confidence, Finding, Severity


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """The findings without repeats: errors before warnings before notes, of each the surer first, else as they came."""
    severities, confidences = list(Severity), list(Confidence)
    return sorted(
        dict.fromkeys(findings),
        key=lambda finding: (severities.index(finding.severity), confidences.index(finding.confidence)),
    )
