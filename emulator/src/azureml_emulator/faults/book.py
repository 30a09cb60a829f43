"""All rules of one emulator; asked at every request and wherever a domain fault may happen."""

import threading
from collections.abc import Callable
from typing import Any

from azureml_emulator.clock import Clock
from azureml_emulator.faults.rules import WIRE, Rule, matches

Publish = Callable[[list[dict[str, Any]]], list[dict[str, int]]]


class FaultBook:
    """Holds the rules; safe to use from many threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._rules: list[Rule] = []
        self._publish: Publish | None = None
        self._count: Callable[[], list[dict[str, int]]] | None = None

    def connect_storage(self, publish: Publish, count: Callable[[], list[dict[str, int]]]) -> None:
        """Where the rules for blob storage go, which does them itself, and where their counts come from."""
        self._publish, self._count = publish, count

    def add(self, rule: Rule) -> Rule:
        """Put a rule into force."""
        with self._lock:
            self._rules.append(rule)
        self._changed(storage=_is_for_storage(rule))
        return rule

    def remove(self, identifier: str) -> bool:
        """Take a rule back; tells whether there was one."""
        with self._lock:
            gone = [rule for rule in self._rules if rule.id == identifier]
            self._rules = [rule for rule in self._rules if rule.id != identifier]
        self._changed(storage=any(map(_is_for_storage, gone)))
        return bool(gone)

    def clear(self) -> None:
        """Take all rules back."""
        with self._lock:
            storage = any(map(_is_for_storage, self._rules))
            self._rules = []
        self._changed(storage=storage)

    def rules(self) -> list[dict[str, Any]]:
        """The rules in force, with how often each struck."""
        with self._lock:
            found = [rule.data() for rule in self._rules]
            storage = any(map(_is_for_storage, self._rules))
        counts = {row["id"]: row for row in self._count()} if storage and self._count else {}
        for one in found:
            there = counts.get(one["id"])
            if there:
                one["struck"] += there["struck"]
                one["seen"] += there["seen"]
        return found

    def for_request(self, service: str, method: str, path: str) -> list[Rule]:
        """The rules that strike a request; usually none."""
        if not self._rules:
            return []
        with self._lock:
            fitting = [rule for rule in self._rules if rule.kind in WIRE and rule.fits_request(service, method, path)]
            return [rule for rule in fitting if rule.strikes()]

    def strike(self, kind: str, *names: str) -> Rule | None:
        """The rule that makes something of the name (or one of the names) go wrong now, if one does."""
        with self._lock:
            for rule in self._rules:
                if rule.kind == kind and rule.fits_target(*names) and rule.strikes():
                    return rule
        return None

    def _changed(self, *, storage: bool) -> None:
        with self._lock:
            self._clock.skew = sum(rule.seconds for rule in self._rules if rule.kind == "clock_skew")
            rules = [rule.for_storage() for rule in self._rules if _is_for_storage(rule)]
        if storage and self._publish is not None:
            self._publish(rules)


def _is_for_storage(rule: Rule) -> bool:
    return rule.kind in WIRE and matches(rule.service, "blob")
