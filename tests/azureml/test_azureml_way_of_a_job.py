"""From plan to fetched files on Azure ML, as the emulator speaks it: what a run gets, and what comes home."""

import json
from pathlib import Path
from typing import Any

import pytest

from azure_lab import Lab
from trainferry.errors import BackendError, RunNotFound
from trainferry.progress import silent
from trainferry.specs import RunState

NASTY = [
    "two words",
    "",
    "-x",
    "--flag=a b",
    'it\'s "quoted"',
    "$HOME `id` $(id)",
    "line\nbreak",
    "tab\there",
    "ü 漢 😀",
    "*",
    "\\",
]


def test_arguments_arrive_in_order_and_exactly_as_written(lab: Lab) -> None:
    assert json.loads(lab.output(arguments=NASTY)) == NASTY


def test_a_mounted_dataset_is_read_only_and_its_path_stands_where_the_argument_says(lab: Lab) -> None:
    lab.write("a", "data/one.txt")
    lab.write(
        """
        import pathlib, sys
        folder = pathlib.Path(sys.argv[1])
        print((folder / "one.txt").read_text(), sys.argv[2])
        print(pathlib.Path(sys.argv[2][5:]).read_text())
        try:
            (folder / "two.txt").write_text("x")
        except OSError as error:
            print("errno", error.errno)
        """
    )
    datasets = {"images": {"path": "data"}}
    said = lab.output(datasets=datasets, arguments=["${{ datasets.images }}", "--in=${{ datasets.images }}/one.txt"])
    assert said.splitlines() == ["a --in=trainferry-inputs/images/one.txt", "a", "errno 30"]


def test_a_downloaded_dataset_may_be_written_and_a_file_is_a_dataset_too(lab: Lab) -> None:
    lab.write("a", "data/one.txt")
    lab.write(
        """
        import pathlib, sys
        file = pathlib.Path(sys.argv[1])
        file.write_text(file.read_text() + "b")
        print(file.name, file.read_text())
        """
    )
    datasets = {"one": {"path": "data/one.txt", "mode": "download"}}
    assert lab.output(datasets=datasets, arguments=["${{ datasets.one }}"]) == "one.txt ab\n"
    assert (lab.project / "data" / "one.txt").read_text() == "a"


def test_nothing_is_made_or_sent_twice(lab: Lab) -> None:
    lab.write("a", "data/one.txt")
    job: dict[str, Any] = {"datasets": {"twice": {"path": "data"}}, "environment": {"name": "twice", "python": "3.11"}}
    first = lab.plan(**job)
    lab.apply(first)
    kinds = [(str(action.kind), action.resource.partition(":")[0]) for action in lab.plan(**job).actions]
    assert kinds == [
        ("reuse", "workspace"),
        ("reuse", "compute"),
        ("reuse", "environment"),
        ("reuse", "dataset"),
        ("submit", "run"),
    ]
    lab.write("b", "data/one.txt")
    kinds = [(str(action.kind), action.resource.partition(":")[0]) for action in lab.plan(**job).actions]
    assert ("upload", "dataset") in kinds
    assert ("register", "dataset") in kinds


def test_planning_changes_nothing(lab: Lab) -> None:
    lab.write("a", "data/one.txt")
    before = lab.azure.admin.count()
    lab.plan(datasets={"never": {"path": "data"}}, compute={"name": "never-made", "size": "Standard_DS3_v2"})
    methods = {(one["method"], one["service"]) for one in lab.azure.admin.requests(before)}
    assert {method for method, service in methods if service != "aad"} == {"GET"}
    assert not lab.site.home.exists()


def test_applying_a_plan_twice_makes_one_run(lab: Lab) -> None:
    plan = lab.plan()
    ref = lab.apply(plan)
    assert lab.apply(plan, lab.client()) == ref
    assert [found.ref for found in lab.backend.find_runs(run_id=plan.run_id)] == [ref]


def test_a_failing_script_is_failed_with_its_exit_code_and_last_words(lab: Lab) -> None:
    lab.write("import sys\nprint('the last words', flush=True)\nsys.exit(7)\n")
    status = lab.wait(lab.submit())
    assert (status.state, status.exit_code) == (RunState.FAILED, 7)
    assert "the last words" in status.reason


def test_files_come_home_once_and_whole(lab: Lab, tmp_path: Path) -> None:
    lab.write(
        """
        import os, pathlib
        pathlib.Path("outputs/deep").mkdir(parents=True)
        pathlib.Path("outputs/deep/ü b.bin").write_bytes(b"x" * 3_000_000)
        pathlib.Path("outputs/empty").touch()
        pathlib.Path("logs").mkdir(exist_ok=True)
        pathlib.Path("logs/own.txt").write_text("own")
        print("done")
        """
    )
    ref = lab.run()
    sizes = {entry.path: entry.size for entry in lab.backend.list_files(ref)}
    assert sizes["outputs/deep/ü b.bin"] == 3_000_000
    assert sizes["outputs/empty"] == 0
    assert sizes["logs/own.txt"] == 3
    assert "logs/std_log.txt" in sizes
    home = tmp_path / "results"
    wanted = sorted(sizes)
    homes = lab.backend.fetch(ref, wanted, home, silent)
    assert [path.relative_to(home).as_posix() for path in homes] == wanted
    assert (home / "outputs/deep/ü b.bin").read_bytes() == b"x" * 3_000_000
    stamps = {path: path.stat().st_ino for path in homes}
    lab.backend.fetch(ref, wanted, home, silent)
    assert {path: path.stat().st_ino for path in homes} == stamps
    assert not list(home.rglob("*.part"))


def test_a_fetch_stays_below_its_destination(lab: Lab, tmp_path: Path) -> None:
    ref = lab.run()
    with pytest.raises(BackendError, match="no file outputs/none"):
        lab.backend.fetch(ref, ["outputs/none"], tmp_path / "a", silent)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "logs").symlink_to(tmp_path)
    with pytest.raises(BackendError, match="leads out"):
        lab.backend.fetch(ref, ["logs/std_log.txt"], tmp_path / "b", silent)
    assert not (tmp_path / "std_log.txt").exists()


def test_an_unknown_run_is_an_error_at_once(lab: Lab) -> None:
    where = f"{lab.azure.subscription_id}/{lab.azure.resource_group}/{lab.azure.workspace}"
    unknown = f"azureml:/{where}/e/unknown"
    assert lab.backend.poll([unknown, "nonsense"]) == {}
    for ask in (lambda: lab.backend.read_log(unknown, None), lambda: lab.backend.cancel(unknown)):
        with pytest.raises(RunNotFound):
            ask()
    with pytest.raises(RunNotFound):
        lab.backend.read_log("nonsense", None)


def test_cancel_returns_when_the_run_has_ended_and_twice_is_harmless(lab: Lab) -> None:
    lab.write("import time\nprint('started', flush=True)\nwhile True: time.sleep(0.1)\n")
    ref = lab.submit()
    lab.until(lambda: "started" in lab.log(ref), "the script to start")
    lab.backend.cancel(ref)
    assert lab.status(ref).state is RunState.CANCELED
    lab.backend.cancel(ref)
    assert lab.status(ref).state is RunState.CANCELED


@pytest.mark.parametrize(
    ("kind", "variable"), [("tensorflow", "TF_CONFIG"), ("mpi", "OMPI_COMM_WORLD_SIZE"), ("pytorch", "WORLD_SIZE")]
)
def test_processes_find_each_other_by_their_frameworks_variables(lab: Lab, kind: str, variable: str) -> None:
    lab.write(f"import os\nprint(os.environ['{variable}'])\n")
    said = lab.output(distribution={"kind": kind, "nodes": 2})
    if kind == "tensorflow":
        assert len(json.loads(said.splitlines()[0])["cluster"]["worker"]) == 2
    else:
        assert said.splitlines()[0] == "2"


def test_variables_of_the_job_reach_the_script_and_a_timeout_ends_it(lab: Lab) -> None:
    lab.write("import os, time\nprint(os.environ['COLOUR'], flush=True)\ntime.sleep(600)\n")
    ref = lab.submit(environment={"python": "3.11", "name": "plain", "variables": {"COLOUR": "blue"}}, timeout="3s")
    status = lab.wait(ref)
    assert status.state in (RunState.FAILED, RunState.CANCELED)
    assert lab.log(ref).startswith("blue")


def test_a_log_is_read_on_from_a_cursor_by_any_client_and_nothing_twice(lab: Lab) -> None:
    lab.write("import time\nfor n in range(8):\n    print('line ü', n, flush=True)\n    time.sleep(0.4)\n")
    ref = lab.submit()
    pieces: list[str] = []
    cursor, finished = None, False
    while not finished:
        chunk = lab.client().read_log(ref, cursor)  # each time as another machine would go on
        pieces.append(chunk.text)
        cursor, finished = chunk.cursor, chunk.finished
    assert "".join(pieces) == "".join(f"line ü {n}\n" for n in range(8))
    assert len([piece for piece in pieces if piece]) > 1
    again = lab.backend.read_log(ref, cursor)
    assert (again.text, again.cursor, again.finished) == ("", cursor, True)
    with pytest.raises(BackendError, match="no place in a log"):
        lab.backend.read_log(ref, "somewhere")


def test_the_log_of_the_older_runtime_is_found_too(lab: Lab) -> None:
    variables = {"AZUREML_COMPUTE_USE_COMMON_RUNTIME": "false"}
    ref = lab.run(environment={"name": "plain", "python": "3.11", "variables": variables}, arguments=["old"])
    assert lab.log(ref) == '["old"]\n'
    assert "logs/azureml-logs/70_driver_log.txt" in {entry.path for entry in lab.backend.list_files(ref)}


def test_the_states_of_many_runs_take_one_request(lab: Lab) -> None:
    refs = [lab.submit() for _ in range(3)]
    backend = lab.client()
    backend.poll(refs)
    before = lab.azure.admin.count()
    assert len(backend.poll([*refs, *refs])) == 3
    asked = [one for one in lab.azure.admin.requests(before) if one["service"] == "history"]
    assert [(one["method"], one["path"].rpartition("/")[2]) for one in asked] == [("POST", "runs:query")]


def test_the_portal_address_is_that_of_the_studio(lab: Lab) -> None:
    ref = lab.run()
    address = str(lab.backend.portal_url(ref))
    assert address.startswith("https://ml.azure.com/runs/")
    assert f"workspaces/{lab.azure.workspace}" in address
