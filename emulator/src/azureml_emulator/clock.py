"""The emulator's clock: the machine's, plus what a fault skews it by."""

import threading
from datetime import UTC, datetime, timedelta


class Clock:
    """Tells the time that the services believe in."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._skew = timedelta()

    @property
    def skew(self) -> float:
        """Seconds that the services are ahead of this machine; negative if they are behind."""
        return self._skew.total_seconds()

    @skew.setter
    def skew(self, seconds: float) -> None:
        with self._lock:
            self._skew = timedelta(seconds=seconds)

    def now(self) -> datetime:
        """The services' time, in UTC."""
        return datetime.now(UTC) + self._skew

    def stamp(self) -> str:
        """The services' time as ISO 8601 with microseconds and a Z, as they write it in answers."""
        return self.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
