"""What was spent, as far as this user's run store knows."""

from datetime import UTC, datetime
from pathlib import Path

from trainferry.runs import RunStore
from trainferry.specs import RunRecord


def spent_this_month(home: Path, currency: str, now: datetime | None = None) -> float:
    """Cost of the runs since the first of the month (UTC), in the currency; others don't count.

    A run that goes on counts with what it may cost at most, else many at once would each find the budget untouched.
    """
    if not (home / "runs.sqlite3").exists():  # opening a store makes it, and a plan changes nothing
        return 0.0
    now = now or datetime.now(UTC)
    start = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()
    store = RunStore(home)
    try:
        records = store.list()
    finally:
        store.close()
    return sum(cost_of(record) for record in records if record.created >= start and record.currency == currency)


def cost_of(record: RunRecord) -> float:
    """Cost of one run: what it was, or what it may be while it goes on; 0 where no price is known."""
    if record.price_per_hour is None:
        return 0.0
    if record.state.final:
        return record.cost or 0.0
    return record.price_per_hour * (record.job.timeout or 0) / 3600 * record.job.nodes
