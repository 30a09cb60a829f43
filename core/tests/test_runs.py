"""The run store: what goes in comes out, from many processes, and after damage."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from trainferry import Job, RunState
from trainferry.errors import FerryError, RunNotFound
from trainferry.runs import RunStore
from trainferry.specs import RunRecord


def record(run_id: str, created: float = 1.0, **more: object) -> RunRecord:
    """A run to store."""
    fields = {"backend": "shelf", "experiment": "e", "job": Job(name="j", script="a.py"), "folder": ".", **more}
    return RunRecord.model_validate({"id": run_id, "created": created, **fields})


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    """An empty store."""
    return RunStore(tmp_path / "state")


def test_what_was_added_is_found_by_id_prefix_and_latest(store: RunStore) -> None:
    store.add(record("j-abc", 1))
    store.add(record("j-abd", 2))
    assert store.get("j-abc") == record("j-abc", 1)
    assert store.get("j-abd").id == "j-abd"
    assert store.get("latest").id == "j-abd"
    with pytest.raises(RunNotFound, match="more than one run starts with 'j-ab': j-abd, j-abc"):
        store.get("j-ab")


@pytest.mark.parametrize(
    "changes",
    [
        {"job": {"name": "j", "script": "a.py", "tags": {"a": "b"}, "from_the_future": {"x": 1}}},
        {"job": {"name": "j", "script": "a.py", "tags": {"a": "b"}, "environment": {"variables": {"A=B": "x"}}}},
        {"job": {"name": "j", "script": "a.py", "tags": {"a": "b"}, "compute": {"max_nodes": "many", "chips": 4}}},
        {"colour": "red"},
    ],
)
def test_a_run_that_another_version_stored_is_read_without_what_this_one_does_not_know(
    store: RunStore, changes: dict[str, object]
) -> None:
    data = record("j-new", 2, job=Job(name="j", script="a.py", tags={"a": "b"})).to_data() | changes
    store.add(record("j-old", 1))
    rows = [("j-new", 2.0, "shelf", "e", "preparing", json.dumps(data))]
    with sqlite3.connect(store.file) as database:
        database.executemany("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?)", rows)
    database.close()
    (store.folder / "j-new.json").write_text(json.dumps(data), encoding="utf-8")
    assert [run.id for run in store.list()] == ["j-new", "j-old"]
    assert (store.get("j-new").job.script, store.get("j-new").job.tags) == ("a.py", {"a": "b"})
    store.close()
    store.file.unlink()
    again = RunStore(store.file.parent)
    assert [run.id for run in again.list()] == ["j-new", "j-old"]
    again.update("j-new", state=RunState.COMPLETED)
    again.close()


def test_a_run_whose_job_is_beyond_reading_is_still_there(store: RunStore) -> None:
    data = record("j-x").to_data() | {"job": ["?"]}
    (store.folder / "j-x.json").write_text(json.dumps(data), encoding="utf-8")
    (store.folder / "j-y.json").write_text('{"id": "j-y"}', encoding="utf-8")
    store.close()
    store.file.unlink()
    again = RunStore(store.file.parent)
    assert [(run.id, run.job.name, run.job.script) for run in again.list()] == [("j-x", "j", "unknown")]
    again.close()


@pytest.mark.parametrize("name", ["", "%", "j_abc", "nothing", "J-ABCD", "'; DROP TABLE runs; --"])
def test_an_unknown_id_is_an_error_that_says_where_to_look(store: RunStore, name: str) -> None:
    store.add(record("j-abc"))
    with pytest.raises(RunNotFound) as caught:
        store.get(name)
    assert "ferry runs" in caught.value.remedy


def test_latest_of_none_says_how_to_start(store: RunStore) -> None:
    with pytest.raises(RunNotFound, match="there are no runs yet"):
        store.get("latest")


def test_adding_twice_keeps_the_first(store: RunStore) -> None:
    store.add(record("j-abc", 1))
    assert store.add(record("j-abc", 2)).created == 1
    assert len(store.list()) == 1


def test_a_final_state_stays(store: RunStore) -> None:
    store.add(record("j-abc"))
    store.update("j-abc", state=RunState.COMPLETED, exit_code=0)
    old, new = store.update("j-abc", state=RunState.LOST, reason="gone", exit_code=3)
    assert old == new == store.get("j-abc")
    assert (new.state, new.exit_code) == (RunState.COMPLETED, 0)


def test_lists_filter_and_come_newest_first(store: RunStore) -> None:
    store.add(record("a-1", 1, experiment="x"))
    store.add(record("a-2", 3, experiment="y"))
    store.add(record("a-3", 2, experiment="x", backend="other"))
    assert [run.id for run in store.list()] == ["a-2", "a-3", "a-1"]
    assert [run.id for run in store.list(experiment="x")] == ["a-3", "a-1"]
    assert [run.id for run in store.list(experiment="x", backend="shelf")] == ["a-1"]
    assert [run.id for run in store.list(limit=1)] == ["a-2"]
    assert store.list(state=RunState.COMPLETED) == []


@pytest.mark.parametrize(
    "damage", [b"not a database at all, however long it may be" * 50, b"SQLite format 3\0" + b"\xff" * 4000]
)
def test_a_damaged_database_is_set_aside_and_made_again(tmp_path: Path, damage: bytes) -> None:
    first = RunStore(tmp_path)
    first.add(record("j-abc"))
    first.update("j-abc", state=RunState.COMPLETED)
    first.add(record("j-def", 2))
    first.close()
    for stale in tmp_path.glob("runs.sqlite3-*"):
        stale.unlink()
    (tmp_path / "runs.sqlite3").write_bytes(damage)
    again = RunStore(tmp_path)
    assert "made again with 2 runs" in again.repaired
    assert [run.id for run in again.list()] == ["j-def", "j-abc"]
    assert again.get("j-abc").state is RunState.COMPLETED
    (aside,) = tmp_path.glob("runs.sqlite3.damaged-*")
    assert aside.read_bytes() == damage


def test_a_half_written_record_is_left_out_of_a_repair(tmp_path: Path) -> None:
    first = RunStore(tmp_path)
    first.add(record("j-abc"))
    first.close()
    (tmp_path / "runs" / "j-bad.json").write_text('{"id": "j-b')
    (tmp_path / "runs.sqlite3").write_bytes(b"no database")
    assert "with 1 runs" in RunStore(tmp_path).repaired


def test_a_deleted_database_is_made_again_from_the_records(tmp_path: Path) -> None:
    first = RunStore(tmp_path)
    first.add(record("j-abc"))
    first.close()
    for file in tmp_path.glob("runs.sqlite3*"):
        file.unlink()
    assert [run.id for run in RunStore(tmp_path).list()] == ["j-abc"]


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FerryError) as caught:
        RunStore(tmp_path / "file" / "state")
    assert "TRAINFERRY_HOME" in caught.value.remedy


def test_removing_forgets_the_run(store: RunStore) -> None:
    store.add(record("j-abc"))
    store.remove("j-abc")
    assert store.list() == []
    assert list(store.folder.iterdir()) == []


def test_many_processes_write_at_once_and_none_is_lost(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from trainferry.runs import RunStore; from trainferry.specs import RunRecord\n"
        "store = RunStore(Path(sys.argv[1])); data = sys.argv[3]\n"
        "for n in range(20):\n"
        "    r = RunRecord.model_validate_json(data).model_copy(update={'id': f'{sys.argv[2]}-{n}'})\n"
        "    store.add(r); store.update(r.id, state='completed')\n"
    )
    data = json.dumps(record("x").to_data())
    writers = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), f"w{number}", data]) for number in range(4)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0, 0]
    runs = RunStore(tmp_path).list()
    assert len(runs) == 80
    assert {run.state for run in runs} == {RunState.COMPLETED}


def test_the_database_is_plain_sqlite_in_wal_mode(store: RunStore) -> None:
    store.add(record("j-abc"))
    with sqlite3.connect(store.file) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert database.execute("SELECT id, state FROM runs").fetchall() == [("j-abc", "preparing")]
    database.close()
