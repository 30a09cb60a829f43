"""The snapshot: the part of a source folder that travels with a job. The same for every backend.

`list_snapshot` looks and changes nothing, `Snapshot.fingerprint` names the content, `copy_snapshot` makes the copy.
Which files never travel, and why, is in `exclusions`; the user's own rules are in `ignoring`. `mark_fetched` marks a
folder that results were fetched to, which stay at home.
"""

from trainferry.snapshot.copying import copy_snapshot
from trainferry.snapshot.exclusions import mark_fetched
from trainferry.snapshot.listing import list_snapshot
from trainferry.snapshot.model import Snapshot, SnapshotFile

__all__ = ["Snapshot", "SnapshotFile", "copy_snapshot", "list_snapshot", "mark_fetched"]
