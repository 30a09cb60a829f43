"""Documents on disk, by kind and key, in one SQLite file: what every service keeps its resources in.

A write is on disk when the call returns, so a kill at any moment loses nothing that was answered.
"""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Document = dict[str, Any]

LAST = "\U0010ffff"
"""Sorts behind whatever a key may go on with: keys that start with something are a range, which the index finds."""
SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    number INTEGER NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_number ON documents (kind, number);
"""


class Store:
    """A map of (kind, key) to JSON documents that survives the process; safe to use from many threads."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._depth = 0
        self._database = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=NORMAL")
        self._database.executescript(SCHEMA)

    def close(self) -> None:
        """Close the file; the store can't be used any more."""
        with self._lock:
            self._database.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes inside happen together or not at all; other threads wait."""
        with self._lock:
            if self._depth == 0:
                self._database.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._database.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._database.execute("COMMIT")

    def get(self, kind: str, key: str) -> Document | None:
        """One document; None if there is none."""
        with self._lock:
            row = self._database.execute(
                "SELECT document FROM documents WHERE kind = ? AND key = ?", (kind, key)
            ).fetchone()
        return json.loads(row[0]) if row else None

    def put(self, kind: str, key: str, document: Document) -> None:
        """Keep a document; one that is there is replaced and keeps its place in the order."""
        with self.transaction():
            self._database.execute(
                "INSERT INTO documents VALUES (?, ?, (SELECT COALESCE(MAX(number), 0) + 1 FROM documents"
                " WHERE kind = ?), ?) ON CONFLICT (kind, key) DO UPDATE SET document = excluded.document",
                (kind, key, kind, json.dumps(document)),
            )

    def update(self, kind: str, key: str, change: Callable[[Document], None]) -> Document | None:
        """Change a document in place, while no other thread does; None if there is none."""
        with self.transaction():
            document = self.get(kind, key)
            if document is not None:
                change(document)
                self.put(kind, key, document)
        return document

    def delete(self, kind: str, key: str) -> bool:
        """Forget a document; tells whether there was one."""
        with self.transaction():
            return self._database.execute("DELETE FROM documents WHERE kind = ? AND key = ?", (kind, key)).rowcount > 0

    def find(self, kind: str, prefix: str = "") -> list[Document]:
        """All documents of a kind whose key starts with `prefix`, oldest first."""
        with self._lock:
            rows = self._database.execute(
                "SELECT document FROM documents WHERE kind = ? AND key >= ? AND key < ? ORDER BY number",
                (kind, prefix, f"{prefix}{LAST}"),
            ).fetchall()
        return [json.loads(row[0]) for row in rows]

    def delete_all(self, prefix: str) -> None:
        """Forget every document of any kind whose key starts with `prefix`."""
        with self.transaction():
            self._database.execute("DELETE FROM documents WHERE key >= ? AND key < ?", (prefix, f"{prefix}{LAST}"))
