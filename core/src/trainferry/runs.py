"""The run store: one SQLite file per user, and beside it one JSON file per run from which it can be made again."""

import json
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trainferry.errors import FerryError, RunNotFound
from trainferry.records import read_record
from trainferry.specs.run import RunRecord, RunState

_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    id TEXT PRIMARY KEY, created REAL NOT NULL, backend TEXT NOT NULL, experiment TEXT NOT NULL,
    state TEXT NOT NULL, record TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS runs_by_time ON runs (created);
PRAGMA user_version = 1;
"""


class RunStore:
    """Every run of this user, from any project and any shell; safe for many processes at once.

    Each change is first written to `runs/<id>.json` (temporary name, rename), then to `runs.sqlite3`; if the database
    is damaged it is set aside and made again from those files, and `repaired` says so.
    """

    def __init__(self, home: Path) -> None:
        self.folder = home / "runs"
        self.file = home / "runs.sqlite3"
        self.repaired = ""
        self._lock = threading.RLock()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FerryError(
                f"can't keep runs in {home}: {error.strerror}",
                remedy="set another folder: TRAINFERRY_HOME=/some/folder",
            ) from error
        self._database = self._open()
        self._close = weakref.finalize(self, self._database.close)

    def close(self) -> None:
        """Close the database; the store can't be used afterwards."""
        self._close()

    def _connect(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.file, timeout=30, isolation_level=None, check_same_thread=False)
        try:
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA synchronous=NORMAL")
            if database.execute("PRAGMA user_version").fetchone()[0] == 0:
                database.executescript(_SCHEMA)
        except BaseException:
            database.close()
            raise
        return database

    def _open(self) -> sqlite3.Connection:
        missing = not self.file.exists()
        try:
            database = self._connect()
            try:
                database.execute("SELECT id, record FROM runs ORDER BY created DESC LIMIT 1").fetchall()
            except BaseException:
                database.close()
                raise
        except sqlite3.OperationalError as error:
            raise FerryError(
                f"can't open the run store {self.file}: {error}", remedy="is the disk full or read-only?"
            ) from error
        except sqlite3.DatabaseError as error:
            return self._rebuild(str(error))
        if missing:
            self._fill(database)
        return database

    def _rebuild(self, cause: str) -> sqlite3.Connection:
        """Set the damaged database aside and fill a new one from the files of the runs."""
        aside = self.file.with_name(f"runs.sqlite3.damaged-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}")
        for suffix in ("", "-wal", "-shm"):
            damaged = self.file.with_name(self.file.name + suffix)
            if damaged.exists():
                damaged.rename(aside.with_name(aside.name + suffix))
        database = self._connect()
        count = self._fill(database)
        self.repaired = (
            f"the run store was damaged ({cause}); it was set aside as {aside.name} and made again with {count} runs"
        )
        return database

    def _fill(self, database: sqlite3.Connection) -> int:
        """Put every run that has a readable file into an empty database; returns how many."""
        count = 0
        for file in sorted(self.folder.glob("*.json")):
            try:
                _write(database, read_record(file.read_bytes()))
            except ValueError:
                continue
            count += 1
        return count

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")

    def add(self, record: RunRecord) -> RunRecord:
        """Store a new run. If one of that id is there already, it is left as it is and returned."""
        with self._transaction() as database:
            row = database.execute("SELECT record FROM runs WHERE id = ?", (record.id,)).fetchone()
            if row:
                return read_record(row[0])
            self._save(database, record)
            return record

    def update(self, run_id: str, **changes: Any) -> tuple[RunRecord, RunRecord]:
        """Change fields of a run; returns it as it was and as it is. A final state stays what it is."""
        with self._transaction() as database:
            row = database.execute("SELECT record FROM runs WHERE id = ?", (run_id,)).fetchone()
            if not row:
                raise RunNotFound(f"there is no run '{run_id}'", remedy="'ferry runs' lists them")
            old = read_record(row[0])
            if old.state.final:
                changes = {
                    key: value for key, value in changes.items() if key not in ("state", "reason", "exit_code", "ended")
                }
            new = old.model_copy(update=changes)
            if new != old:
                self._save(database, new)
            return old, new

    def _save(self, database: sqlite3.Connection, record: RunRecord) -> None:
        target = self.folder / f"{record.id}.json"
        half = target.with_suffix(f".{os.getpid()}.part")
        try:
            half.write_text(json.dumps(record.to_data()), encoding="utf-8")
            half.replace(target)
        except OSError as error:
            half.unlink(missing_ok=True)
            raise FerryError(
                f"can't store the run {record.id} in {self.folder}: {error.strerror}",
                remedy="free some space there, or set another folder: TRAINFERRY_HOME=/some/folder",
            ) from error
        _write(database, record)

    def get(self, name: str) -> RunRecord:
        """The run of that id, or of the only id that starts with it, or `latest`; RunNotFound otherwise."""
        with self._lock:
            if name == "latest":
                rows = self._database.execute("SELECT id, record FROM runs ORDER BY created DESC LIMIT 1").fetchall()
            else:
                rows = self._database.execute("SELECT id, record FROM runs WHERE id = ?", (name,)).fetchall()
                if not rows and name:
                    pattern = name.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
                    rows = self._database.execute(
                        "SELECT id, record FROM runs WHERE id LIKE ? ESCAPE '\\' ORDER BY created DESC LIMIT 4",
                        (pattern,),
                    ).fetchall()
        if len(rows) == 1:
            return read_record(rows[0][1])
        if rows:
            some = ", ".join(row[0] for row in rows)
            raise RunNotFound(f"more than one run starts with '{name}': {some}", remedy="type more of its id")
        if name == "latest":
            raise RunNotFound("there are no runs yet", remedy="start one: ferry run job.yaml")
        raise RunNotFound(f"there is no run '{name}'", remedy="'ferry runs' lists them")

    def list(
        self,
        *,
        experiment: str | None = None,
        backend: str | None = None,
        state: RunState | None = None,
        limit: int | None = None,
    ) -> list[RunRecord]:
        """The runs that fit, newest first."""
        wanted = {"experiment": experiment, "backend": backend, "state": state}
        given = {column: str(value) for column, value in wanted.items() if value is not None}
        where = " AND ".join(f"{column} = ?" for column in given)
        query = f"SELECT record FROM runs {'WHERE ' + where if where else ''} ORDER BY created DESC LIMIT ?"  # noqa: S608  (fixed column names)
        with self._lock:
            rows = self._database.execute(query, (*given.values(), -1 if limit is None else limit)).fetchall()
        return [read_record(row[0]) for row in rows]

    def remove(self, run_id: str) -> None:
        """Forget a run; what the backend keeps of it is not touched."""
        with self._transaction() as database:
            database.execute("DELETE FROM runs WHERE id = ?", (run_id,))
            (self.folder / f"{run_id}.json").unlink(missing_ok=True)


def _write(database: sqlite3.Connection, record: RunRecord) -> None:
    database.execute(
        "INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?)",
        (record.id, record.created, record.backend, record.experiment, str(record.state), json.dumps(record.to_data())),
    )
