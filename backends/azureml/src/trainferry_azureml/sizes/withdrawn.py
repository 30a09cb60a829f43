"""Series that Azure has withdrawn, or has announced to: when, and what replaces each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache

from trainferry_azureml.sizes.table import plain, rows


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """The end of a series."""

    series: str
    ends: date
    """From this day on it can't be had."""
    instead: str
    """The size that replaces it: the nearest one of Microsoft's successor series."""
    source: str

    def over(self, today: date | None = None) -> bool:
        """Whether that day has come."""
        return self.ends <= (today or datetime.now(UTC).date())


def withdrawal(size: str) -> Withdrawal | None:
    """When the series of a size ends or ended, also for sizes that the table lacks; None if nothing is announced."""
    return next((found for pattern, found in _withdrawals() if pattern.fullmatch(plain(size))), None)


@cache
def _withdrawals() -> list[tuple[re.Pattern[str], Withdrawal]]:
    return [
        (
            re.compile(row["pattern"]),
            Withdrawal(row["series"], date.fromisoformat(row["ends"]), row["instead"], row["source"]),
        )
        for row in rows("withdrawals.csv")
    ]
