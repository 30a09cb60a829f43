"""One rule: what goes wrong, for which requests or things, how often."""

import random
import re
import uuid
from dataclasses import asdict, dataclass, field
from typing import Any

WIRE = {
    "throttle": "answer 429 with Retry-After: `seconds` (`status` for another one)",
    "error": "answer `status` (500)",
    "slow": "wait `seconds` before answering",
    "hang": "never answer",
    "disconnect": "close the connection without an answer",
    "drop": "close the connection after `bytes` of the answer's body",
    "expired_token": "answer 401, as for a token that is no longer good",
}
"""Faults of a request."""
DOMAIN = {
    "quota": "refuse a compute target: quota exceeded; `target` is the VM family or size",
    "size_not_in_region": "refuse a compute target: its size isn't offered in the region; `target` is the size",
    "node_lost": "a node dies `seconds` after a job started on it; `target` is the compute target",
    "preemption": "a low-priority node is taken back `seconds` after a job started; `target` is the compute target",
    "image_build": "the build of an environment fails; `target` is its name",
    "disk_full": "a job's disk holds only `bytes`; `target` is the compute target",
    "clock_skew": "the services' clock is `seconds` ahead, negative for behind; holds as long as the rule",
}
"""Faults of what the services manage."""
KINDS = {**WIRE, **DOMAIN}


class RuleError(ValueError):
    """A rule can't be right; the message says why and what would be."""


@dataclass
class Rule:
    """What goes wrong, and when. A rule strikes while every condition holds."""

    kind: str
    """One of KINDS."""
    service: str = "*"
    """Of a request: aad, arm, workspace, compute, environment, datastore, dataset, history, content, execution,
    artifact, metric or blob; a pattern with `*`."""
    methods: list[str] = field(default_factory=list)
    """HTTP methods; empty for all."""
    path: str = "*"
    """Pattern for the path of a request, with `*` for any text."""
    target: str = "*"
    """Pattern for the name of what a domain fault is about."""
    probability: float = 1.0
    """How likely it strikes where all else fits, from 0 to 1."""
    count: int | None = None
    """How often it strikes at most; None for no limit."""
    after: int = 0
    """How many fitting requests pass before the first strike."""
    seed: int = 0
    """Of the sequence behind `probability`: the same seed strikes the same requests."""
    seconds: float = 1.0
    status: int = 0
    """0 for the kind's own: 429 or 500."""
    bytes: int = 16
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    struck: int = 0
    """How often it has struck."""
    seen: int = 0
    """How often its conditions held."""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise RuleError(f"there is no fault '{self.kind}'; there are: {', '.join(KINDS)}")
        if not 0 <= self.probability <= 1:
            raise RuleError(f"a probability is between 0 and 1, not {self.probability}")
        if self.seconds < 0 and self.kind != "clock_skew":
            raise RuleError(f"seconds can't be negative for '{self.kind}'")
        self.methods = [method.upper() for method in self.methods]
        self.status = self.status or {"throttle": 429, "error": 500, "expired_token": 401}.get(self.kind, 0)
        self._random = random.Random(self.seed)  # noqa: S311  (chance, not secrecy)

    @classmethod
    def parse(cls, data: dict[str, Any]) -> "Rule":
        """A rule from JSON; RuleError for what no rule has."""
        known = set(cls.__dataclass_fields__) - {"id", "struck", "seen"}
        if unknown := sorted(set(data) - known):
            raise RuleError(f"a rule has no {', '.join(unknown)}; it has: {', '.join(sorted(known))}")
        if "kind" not in data:
            raise RuleError(f"a rule needs a kind, one of: {', '.join(KINDS)}")
        try:
            return cls(**data)
        except TypeError as error:
            raise RuleError(str(error)) from error

    def data(self) -> dict[str, Any]:
        """The rule as JSON."""
        return asdict(self)

    def for_storage(self) -> dict[str, Any]:
        """The rule as Azurite's process takes it."""
        return {**self.data(), "expression": f"^{_expression(self.path)}$"}

    def fits_request(self, service: str, method: str, path: str) -> bool:
        """Whether a request is meant."""
        return (
            matches(self.service, service) and (not self.methods or method in self.methods) and matches(self.path, path)
        )

    def fits_target(self, *names: str) -> bool:
        """Whether a thing that goes by these names is meant."""
        return any(matches(self.target.lower(), name.lower()) for name in names)

    def strikes(self) -> bool:
        """Whether it strikes now, its conditions holding; counts."""
        if self.count is not None and self.struck >= self.count:
            return False
        self.seen += 1
        if self.seen <= self.after or self._random.random() >= self.probability:
            return False
        self.struck += 1
        return True


def matches(pattern: str, text: str) -> bool:
    """Whether a text is of a pattern, in which `*` stands for any text and everything else for itself."""
    return pattern == "*" or re.fullmatch(_expression(pattern), text, re.DOTALL) is not None


def _expression(pattern: str) -> str:
    """The pattern as a regular expression that Python and JavaScript read alike."""
    return ".*".join(re.escape(part) for part in pattern.split("*"))
