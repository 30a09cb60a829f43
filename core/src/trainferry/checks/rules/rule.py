"""What a rule is."""

from dataclasses import dataclass, field

from trainferry.specs.finding import Confidence, Severity

E, W, N = Severity.ERROR, Severity.WARNING, Severity.NOTE
CERTAIN, LIKELY, POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE


@dataclass(frozen=True, slots=True)
class Rule:
    """What one kind of finding means: its severity, why it matters, how to mend it, and what it looks like."""

    severity: Severity
    title: str
    why: str
    how: str
    example: str = field(kw_only=True)
    """A line or two that the rule speaks of."""
    confidence: Confidence = field(default=CERTAIN, kw_only=True)
    """How sure a finding of this rule is, unless the finding itself says otherwise."""
