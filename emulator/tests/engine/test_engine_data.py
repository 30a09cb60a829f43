"""Datasets on the node, and the files that come back."""

import json
from typing import TYPE_CHECKING

import pytest

from azureml_emulator.engine.contract import Status

if TYPE_CHECKING:
    from emulator.tests.engine.conftest import Workshop

TRY_TO_WRITE = """
    import json, os, sys
    said = {"path": sys.argv[1], "files": sorted(os.listdir(sys.argv[1]))}
    for name in ("new.txt", "a.txt"):
        try:
            with open(os.path.join(sys.argv[1], name), "w") as stream:
                stream.write("written")
        except OSError as error:
            said[name] = error.errno
    said["variables"] = {key: os.environ.get(key) for key in ("DATA", "data", "AZUREML_DATASET_ENVIRONMENT_VARS")}
    print(json.dumps(said))
"""


def test_a_mounted_dataset_is_read_only(workshop: "Workshop") -> None:
    data = workshop.source({"a.txt": "content", "deep/b.txt": "more"})
    order = {"arguments": ["DatasetConsumptionConfig:data"], "inputs": [{"name": "data", "source": data}]}
    state = workshop.run(TRY_TO_WRITE, **order)
    assert state.status is Status.COMPLETED, state
    said = json.loads(workshop.log(state.run_id))
    assert said["files"] == ["a.txt", "deep"]
    assert (said["new.txt"], said["a.txt"]) == (30, 30)
    variables = {"DATA": said["path"], "data": said["path"], "AZUREML_DATASET_ENVIRONMENT_VARS": "data:Mount"}
    assert said["variables"] == variables


def test_a_downloaded_dataset_is_a_copy_that_may_be_written(workshop: "Workshop") -> None:
    data = workshop.source({"a.txt": "content"})
    inputs = [{"name": "data", "source": data, "mode": "download"}]
    for _ in range(2):
        state = workshop.run(TRY_TO_WRITE, arguments=["DatasetConsumptionConfig:data"], inputs=inputs)
        said = json.loads(workshop.log(state.run_id))
        assert "a.txt" not in said, "no error"
        assert said["files"] == ["a.txt"], "what the first run wrote is not in the second one's copy"


@pytest.mark.parametrize("mode", ["mount", "download"])
def test_a_dataset_below_tmp_is_seen_by_its_run_alone(workshop: "Workshop", mode: str) -> None:
    data = workshop.source({"a.txt": "content"})
    place = workshop.folder / "place"
    if not place.is_relative_to("/tmp"):  # noqa: S108
        pytest.skip("temporary folders are elsewhere here")
    inputs = [{"name": "data", "source": data, "mode": mode, "path_on_compute": str(place)}]
    state = workshop.run(TRY_TO_WRITE, arguments=["DatasetConsumptionConfig:data"], inputs=inputs)
    said = json.loads(workshop.log(state.run_id))
    assert (said["path"], said["files"]) == (str(place), ["a.txt"])
    assert said.get("a.txt") == (30 if mode == "mount" else None)
    assert list(place.iterdir()) == []


def test_where_datasets_go(workshop: "Workshop") -> None:
    data = workshop.source({"deep/only.csv": "1,2"})
    inputs = [
        {"name": "one", "source": data, "single_file": True, "variable": "one_file"},
        {"name": "here", "source": data, "path_on_compute": "put/here"},
        {"name": "direct", "mode": "direct", "dataset_id": "1234"},
    ]
    script = """
        import os, sys
        print(open(sys.argv[1]).read(), sys.argv[1] == os.environ["one_file"])
        print(os.listdir("put/here/deep"), os.path.relpath(sys.argv[2]), sys.argv[3])
    """
    names = ["one", "here", "direct"]
    state = workshop.run(script, inputs=inputs, arguments=[f"DatasetConsumptionConfig:{name}" for name in names])
    assert workshop.log(state.run_id) == "1,2 True\n['only.csv'] put/here 1234\n"


@pytest.mark.parametrize("path", ["/", "..", "a/../..", "/etc", ".", "/tmp", "/tmp/../etc"])  # noqa: S108
def test_a_dataset_cannot_be_brought_over_other_folders(workshop: "Workshop", path: str) -> None:
    data = workshop.source({"a.txt": "content"})
    state = workshop.run(inputs=[{"name": "data", "source": data, "path_on_compute": path}])
    assert state.status is Status.FAILED
    assert state.error is not None
    assert "path_on_compute of the dataset data" in state.error.message


def test_a_dataset_that_is_not_there(workshop: "Workshop") -> None:
    state = workshop.run(inputs=[{"name": "data", "source": "/no/such/folder"}])
    assert state.status is Status.FAILED
    assert state.error is not None
    assert (state.error.code, state.error.kind) == ("UserError", "DatasetNotFound")
    assert "/no/such/folder" in state.error.message


def test_an_argument_without_its_dataset(workshop: "Workshop") -> None:
    state = workshop.run(arguments=["DatasetConsumptionConfig:data"])
    assert state.error is not None
    assert state.error.message == "The argument DatasetConsumptionConfig:data names no dataset of this run."


def test_files_come_back_while_the_script_runs(workshop: "Workshop") -> None:
    script = """
        import os, time
        os.makedirs("outputs/deep")
        open("outputs/deep/first.txt", "w").write("one")
        open("logs/events", "w").write("event")
        print("written")
        while not os.path.exists("go"):
            time.sleep(0.01)
        open("outputs/deep/first.txt", "w").write("two")
        open("outputs/last.bin", "wb").write(bytes(range(256)) * 4096)
        open("elsewhere.txt", "w").write("stays")
    """
    run_id = workshop.submit(script)
    files = workshop.ears.files
    workshop.until(lambda: files.get(run_id) == {"outputs/deep/first.txt": b"one", "logs/events": b"event"})
    workshop.until(lambda: workshop.log(run_id) == "written\n")
    (workshop.work(run_id) / "go").touch()
    workshop.wait(run_id)
    assert files[run_id] == {
        "outputs/deep/first.txt": b"two",
        "logs/events": b"event",
        "outputs/last.bin": bytes(range(256)) * 4096,
    }


def test_links_out_of_the_folder_do_not_travel(workshop: "Workshop") -> None:
    script = """
        import os
        open("inside.txt", "w").write("fine")
        os.symlink("../inside.txt", "outputs/inside")
        os.symlink("/etc/hostname", "outputs/file")
        os.symlink("/etc", "outputs/folder")
        os.symlink("/nowhere", "outputs/nothing")
        os.symlink("circle", "outputs/circle")
        os.mkfifo("outputs/pipe")
    """
    state = workshop.run(script)
    assert state.status is Status.COMPLETED, state
    assert workshop.ears.files[state.run_id] == {"outputs/inside": b"fine"}
    said = workshop.log(state.run_id, "system_logs/lifecycler/lifecycler.log")
    assert "outputs/file" in said
    assert "outputs/folder" in said


def test_output_folders(workshop: "Workshop") -> None:
    script = """
        import os, sys
        assert os.environ["RESULT"] == sys.argv[1]
        os.makedirs(sys.argv[1] + "/deep")
        open(sys.argv[1] + "/deep/model.bin", "w").write("weights")
    """
    order = {"arguments": ["DatasetOutputConfig:result"], "outputs": [{"name": "result", "variable": "RESULT"}]}
    state = workshop.run(script, **order)
    assert state.status is Status.COMPLETED, state
    assert workshop.ears.outputs == {(state.run_id, "result"): {"deep/model.bin": b"weights"}}


def test_a_listener_that_is_away_for_a_while_misses_nothing(workshop: "Workshop") -> None:
    script = """
        import os, time
        print("first")
        open("outputs/a", "w").write("1")
        while not os.path.exists("go"):
            time.sleep(0.01)
        print("second")
        open("outputs/b", "w").write("2")
    """
    run_id = workshop.submit(script)
    workshop.until(lambda: workshop.log(run_id) == "first\n")
    workshop.ears.deaf.set()
    (workshop.work(run_id) / "go").touch()
    workshop.until(lambda: workshop.state(run_id).status is Status.FINALIZING)
    refused = workshop.ears.refused
    workshop.until(lambda: workshop.ears.refused > refused + 2)
    workshop.ears.deaf.clear()
    state = workshop.wait(run_id)
    assert state.status is Status.COMPLETED
    assert workshop.log(run_id) == "first\nsecond\n"
    assert workshop.ears.files[run_id] == {"outputs/a": b"1", "outputs/b": b"2"}
