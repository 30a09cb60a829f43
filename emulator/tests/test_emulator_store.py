"""The store of documents: what starts with a prefix is found, and nothing else."""

from pathlib import Path

from azureml_emulator.store import Store


def test_keys_are_found_by_how_they_start(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.sqlite3")
    for key in ("a/b", "a/ü", "a/\U0001f600", "a", "a0", "A/b", "b/a", "a/b/c", "%", "a_b"):
        store.put("kind", key, {"key": key})
    store.put("other", "a/b", {"key": "of another kind"})
    assert [one["key"] for one in store.find("kind", "a/")] == ["a/b", "a/ü", "a/\U0001f600", "a/b/c"]
    assert len(store.find("kind")) == 10
    assert store.find("kind", "%") == [{"key": "%"}]
    store.delete_all("a/")
    assert [one["key"] for one in store.find("kind")] == ["a", "a0", "A/b", "b/a", "%", "a_b"]
    assert store.find("other") == []
    store.close()
