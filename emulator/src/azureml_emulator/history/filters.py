"""The filter language of run queries: what the SDK writes of OData, and a little more.

`(Status eq Completed) and (Tags/team eq "vision")`, `or`, parentheses, `eq ne gt ge lt le`, `null`, values with or
without quotes. A tag or property that a run doesn't have is neither null nor not null: the SDK asks whether one is
there by `(Tags/x ne null or Tags/x eq null)`.
"""

import re
from collections.abc import Callable
from typing import Any

from azureml_emulator.server.errors import user_error

Test = Callable[[dict[str, Any]], bool]

_TOKEN = re.compile(r"""\s*(?:(\()|(\))|(and|or)\b|([^\s()]+)\s+(eq|ne|gt|ge|lt|le)\s+)""", re.IGNORECASE)
_VALUE = re.compile(
    r"""\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^']|'')*)'|(.+?)(?=\s*\)|\s+(?:and|or)(?:\s|$)|\s*$))""", re.IGNORECASE
)
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,7}))?(?:Z|\+00:00)?")
_FIELDS = {
    "runid": "runId", "rootrunid": "rootRunId", "parentrunid": "parentRunId", "status": "status", "target": "target",
    "runtype": "runType", "createdutc": "createdUtc", "starttimeutc": "startTimeUtc", "endtimeutc": "endTimeUtc",
    "experimentid": "experimentId", "name": "name", "displayname": "displayName", "runnumber": "runNumber",
    "hidden": "hidden", "scriptname": "scriptName",
}  # fmt: skip
_ABSENT = object()


def compiled(text: str | None) -> Test:
    """A test of one run; 400 for a filter that can't be read."""
    if not text or not text.strip():
        return lambda _: True
    reader = _Reader(text)
    test = reader.alternatives()
    if reader.rest().strip():
        raise user_error(f"Invalid filter: can't read '{reader.rest().strip()}' in '{text}'")
    return test


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0

    def rest(self) -> str:
        return self.text[self.place :]

    def alternatives(self) -> Test:
        tests = [self.conjunction()]
        while self._word("or"):
            tests.append(self.conjunction())
        return tests[0] if len(tests) == 1 else lambda run: any(test(run) for test in tests)

    def conjunction(self) -> Test:
        tests = [self.term()]
        while self._word("and"):
            tests.append(self.term())
        return tests[0] if len(tests) == 1 else lambda run: all(test(run) for test in tests)

    def _word(self, word: str) -> bool:
        found = _TOKEN.match(self.text, self.place)
        if found and (found.group(3) or "").lower() == word:
            self.place = found.end()
            return True
        return False

    def term(self) -> Test:
        found = _TOKEN.match(self.text, self.place)
        if found is None or found.group(2) or found.group(3):
            raise user_error(f"Invalid filter: can't read '{self.rest().strip()}' in '{self.text}'")
        self.place = found.end()
        if found.group(1):
            inner = self.alternatives()
            closing = _TOKEN.match(self.text, self.place)
            if closing is None or not closing.group(2):
                raise user_error(f"Invalid filter: a parenthesis isn't closed in '{self.text}'")
            self.place = closing.end()
            return inner
        return comparison(found.group(4), found.group(5).lower(), self._value())

    def _value(self) -> str | None:
        found = _VALUE.match(self.text, self.place)
        if found is None:
            raise user_error(f"Invalid filter: a value is missing at the end of '{self.text[: self.place]}'")
        self.place = found.end()
        double, single, bare = found.groups()
        if bare is not None:
            return None if bare.lower() == "null" else bare
        return re.sub(r"\\(.)", r"\1", double) if double is not None else single.replace("''", "'")


def comparison(field: str, operator: str, value: str | None) -> Test:
    """A test of one field."""

    def test(run: dict[str, Any]) -> bool:
        found = _field(run, field)
        if found is _ABSENT:
            return False
        if operator in ("eq", "ne") or value is None or found is None:
            same = found is None if value is None else found is not None and _text(found) == value
            return same if operator == "eq" else not same and operator == "ne"
        left, right = _comparable(_text(found)), _comparable(value)
        return {"gt": left > right, "ge": left >= right, "lt": left < right, "le": left <= right}[operator]

    return test


def _field(run: dict[str, Any], field: str) -> Any:
    head, slash, key = field.partition("/")
    if slash and head.lower() in ("tags", "properties"):
        return (run.get(head.lower()) or {}).get(key, _ABSENT)
    return run.get(_FIELDS.get(field.lower(), field))


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _comparable(text: str) -> str:
    """Times in one spelling: Python writes a space and an offset where the services write T and Z."""
    found = _TIME.fullmatch(text.strip())
    return f"{found[1]}T{found[2]}.{(found[3] or ''):0<7}" if found else text
