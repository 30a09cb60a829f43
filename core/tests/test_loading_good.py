"""Job files that are fine: what is read, where it stands, and that writing and reading again changes nothing."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trainferry import Job
from trainferry.errors import Location

WHOLE = """\
# yaml-language-server: $schema=job.schema.json
name: recycling
script: train.py
arguments: [--data-path, "${{ datasets.waste_images }}", --epochs, 10, --rate, 1e-3, 0.10, yes, "", "a b", null_, 0x1F]
datasets:
  waste_images: {path: data/sample, mode: mount}
  labels: {name: labels, version: 1.10}
environment:
  python: "3.11"
  pip: [tensorflow==2.21.0, pillow]
  variables: {LEVEL: 2, FLAG: off, LATE: 2026-11-01}
compute: {name: gpu, min_nodes: 0, max_nodes: 10}
timeout: 2h
tags: {team: vision, no: 007}
backends:
  azureml:
    compute: {priority: low}
    arguments: [1.0]
    environment: {python: 3.12}
"""


def read(text: str, folder: Path) -> Job:
    """Load a job file of this text."""
    path = folder / "job.yaml"
    path.write_text(text, encoding="utf-8")
    return Job.load(path)


def test_bare_scalars_keep_their_characters_where_the_script_gets_to_see_them(tmp_path: Path) -> None:
    job = read(WHOLE, tmp_path)
    assert job.arguments[2:] == ("--epochs", "10", "--rate", "1e-3", "0.10", "yes", "", "a b", "null_", "0x1F")
    assert job.tags == {"team": "vision", "no": "007"}
    assert job.environment.variables == {"LEVEL": "2", "FLAG": "off", "LATE": "2026-11-01"}
    assert job.datasets["labels"].version == "1.10"
    assert job.for_backend("azureml").arguments == ("1.0",)
    assert job.for_backend("azureml").environment.python == "3.12"
    assert job.compute.max_nodes == 10
    assert job.timeout == 7200


def test_origin_knows_folder_file_and_the_place_of_each_key_and_item(tmp_path: Path) -> None:
    job = read(WHOLE, tmp_path)
    file = str(tmp_path / "job.yaml")
    assert (job.folder, job.origin.file, job.origin.findings) == (tmp_path, file, ())
    marks = job.origin.marks
    assert marks["script",] == Location(file, 3, 1)
    assert marks["arguments", 1] == Location(file, 4, 26)
    assert marks["datasets", "waste_images", "mode"] == Location(file, 6, 37)
    assert marks["backends", "azureml", "compute"] == Location(file, 17, 5)


def test_on_a_backend_the_places_are_those_of_its_own_part(tmp_path: Path) -> None:
    marks = read(WHOLE, tmp_path).for_backend("azureml").origin.marks
    assert marks["arguments", 0].line == 18
    assert ("arguments", 1) not in marks, "the list was replaced, so that its old items are nowhere"
    assert (marks["compute",].line, marks["compute", "max_nodes"].line) == (17, 12)


def test_equal_jobs_may_come_from_different_files(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    assert read(WHOLE, tmp_path) == read(f"\n\n{WHOLE}", other)


@pytest.mark.parametrize(("written", "warned"), [("3.10", True), ("3.11", False), ('"3.10"', False), ("3.12.1", False)])
def test_a_python_that_others_would_misread_is_read_right_with_a_warning(
    tmp_path: Path, written: str, warned: bool
) -> None:
    job = read(f"name: a\nscript: a.py\nenvironment:\n  python: {written}\n", tmp_path)
    assert job.environment.python == written.strip('"')
    assert [(found.id, found.line, found.column) for found in job.origin.findings] == (
        [("python-unquoted", 4, 11)] if warned else []
    )
    if warned:
        assert 'put it in quotes: python: "3.10"' in str(job.origin.findings[0])
        assert "other tools read it as 3.1 " in str(job.origin.findings[0])


def test_json_is_a_job_file_too(tmp_path: Path) -> None:
    data = {"name": "a", "script": "ä.py", "arguments": ["--x", 1, 0.5], "compute": {"max_nodes": 2}}
    assert read(json.dumps(data), tmp_path).arguments == ("--x", "1", "0.5")
    assert read(json.dumps(data, indent=2, ensure_ascii=False), tmp_path).script == "ä.py"


def test_a_byte_order_mark_of_utf8_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "job.yaml"
    path.write_bytes(b"\xef\xbb\xbfname: a\r\nscript: b.py\r\n")
    assert Job.load(path) == Job(name="a", script="b.py")


def test_small_anchors_and_merge_keys_work(tmp_path: Path) -> None:
    text = """\
name: a
script: a.py
datasets:
  one: &base {path: data, mode: download}
  two: {<<: *base, path: other}
  three: *base
  four:
    path: mine
    <<: [{mode: download}, *base]
tags: &tags {a: 1.0}
environment: {variables: *tags}
"""
    job = read(text, tmp_path)
    assert job.datasets["two"] == job.datasets["two"].model_copy(update={"path": "other", "mode": "download"})
    assert job.datasets["three"] == job.datasets["one"]
    assert (job.datasets["four"].path, job.datasets["four"].mode) == ("mine", "download")
    assert job.environment.variables == {"a": "1.0"}


def test_a_backends_part_may_take_the_place_of_what_it_excludes(tmp_path: Path) -> None:
    """A dataset that is a folder here and an address there; this interpreter here and packages there."""
    text = """\
name: a
script: a.py
environment: current
datasets: {images: {path: data, mode: download, description: d}}
backends:
  azureml:
    environment: {python: "3.11", pip: [pillow]}
    datasets: {images: {uri: "azureml://datastores/x/paths/y"}}
"""
    there = read(text, tmp_path).for_backend("azureml")
    assert (there.environment.current, there.environment.pip) == (False, ("pillow",))
    assert (there.datasets["images"].path, there.datasets["images"].mode) == (None, "download")


def test_relative_paths_start_at_the_job_file_wherever_one_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read("name: a\nscript: a.py\nsource: src\n", tmp_path)
    monkeypatch.chdir(tmp_path)
    assert Job.load("job.yaml").source_folder == tmp_path / "src"


NASTY = st.sampled_from(
    [
        *"-=#'\"\\`|>{[],?:\t\n\x85\u2028\ufeff\x00\x7f😀é",
        *("", " ", "--", "- x", "null", "~", "1e-3", "0x10", "010", "yes", "No", "<<", "${{ datasets.a }}", "a: b"),
        *("a #b", "a\n", "\na\n\n", "%x", "@x", "*a", "&a", "!a", "? a", "1:30", "2026-11-01"),
    ]
)
TEXT = NASTY | st.text(max_size=40) | st.lists(NASTY, max_size=3).map("".join)
GIVEN = TEXT.filter(lambda text: "\0" not in text)
VARIABLE = GIVEN.filter(lambda text: text and "=" not in text)
NAME = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,10}", fullmatch=True)
DATASET = st.fixed_dictionaries(
    {"path": TEXT.filter(bool)}, optional={"mode": st.sampled_from(["mount", "download"]), "description": TEXT}
)
ENVIRONMENT = st.just("current") | st.fixed_dictionaries(
    {},
    optional={
        "python": st.sampled_from(["3.10", "3.11", "3.12.1"]),
        "name": TEXT.filter(bool),
        "pip": st.lists(st.sampled_from(["a==1.0", "b", "c[x]>=2 ; python_version < '3.12'"]), max_size=3),
        "variables": st.dictionaries(VARIABLE, GIVEN, max_size=3),
    },
)
PART = st.fixed_dictionaries(
    {},
    optional={
        "arguments": st.lists(GIVEN, max_size=3),
        "compute": st.fixed_dictionaries({}, optional={"max_nodes": st.integers(1, 10**6), "size": TEXT.filter(bool)}),
        "tags": st.dictionaries(TEXT, GIVEN, max_size=2),
    },
)
JOB = st.fixed_dictionaries(
    {"name": NAME, "script": TEXT.filter(bool)},
    optional={
        "arguments": st.lists(GIVEN, max_size=6),
        "description": TEXT,
        "datasets": st.dictionaries(st.sampled_from(["a", "b_1", "on", "no"]), DATASET, max_size=2),
        "environment": ENVIRONMENT,
        "timeout": st.integers(1, 10**9),
        "tags": st.dictionaries(TEXT, GIVEN, max_size=3),
        "distribution": st.fixed_dictionaries({"kind": st.just("mpi")}, optional={"nodes": st.integers(1, 4)}),
        "backends": st.dictionaries(TEXT, PART, max_size=2),
    },
)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=JOB)
def test_what_is_written_reads_as_the_same_job(data: dict[str, object], tmp_path: Path) -> None:
    job = Job.model_validate(data)
    again = read(job.dumps(), tmp_path)
    assert again == job
    assert again.origin.findings == ()
    assert again.dumps() == job.dumps()


def test_what_is_written_is_pleasant_to_read() -> None:
    job = Job.model_validate({"name": "a", "script": "t.py", "arguments": ["--epochs", "10", "${{ datasets.d }}"]})
    assert job.dumps() == ('name: a\nscript: t.py\narguments:\n  - --epochs\n  - "10"\n  - "${{ datasets.d }}"\n')
