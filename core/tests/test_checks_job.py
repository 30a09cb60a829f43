"""The checks of a job's spec, source and data on real folders: each rule fires where it should, and only there."""

import errno
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from trainferry import Finding, Job
from trainferry.checks import run_checks
from trainferry.checks.rules import RULES
from trainferry.site import Site

Found = Callable[..., list[Finding]]
JOB = "name: a\nscript: train.py\ntimeout: 1h\n"


@pytest.fixture
def findings(tmp_path: Path) -> Found:
    """Write a job file into the project, check the job, and return what was found."""

    def check(job: str = JOB) -> list[Finding]:
        path = tmp_path / "project" / "job.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(job)
        return run_checks(Job.load(path), Site(tmp_path / "home", tmp_path / "cache"))

    return check


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A source folder that is in order: a script and a data folder with one file."""
    root = tmp_path / "project"
    (root / "data" / "glass").mkdir(parents=True)
    (root / "train.py").write_text("print('hi')\n")
    (root / "data" / "glass" / "1.jpg").write_bytes(b"\xff\xd8\xff\xe0 a picture \xff\xda of nothing \xff\xd9")
    return root


def told(found: list[Finding]) -> list[str]:
    """Each finding as `rule line:column message | remedy`."""
    return [f"{f.id} {f.line}:{f.column} {f.message} | {f.remedy}" for f in found]


def only(found: list[Finding]) -> str:
    """The one finding there is."""
    (text,) = told(found)
    return text


def test_a_job_in_order_has_no_findings(project: Path, findings: Found) -> None:
    job = (
        JOB
        + 'arguments: ["${{ datasets.d }}", "${{datasets.e}}/train"]\ndatasets: {d: {path: data}, e: {name: cloud}}\n'
    )
    assert told(findings(job)) == []


def test_a_job_made_in_python_is_checked_without_a_file(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    (found,) = run_checks(Job(name="a", script="trian.py", timeout=60), Site(project, project))
    assert (found.id, found.file, found.remedy) == ("script-missing", None, "did you mean train.py?")


def test_a_missing_timeout_is_a_note(project: Path, findings: Found) -> None:
    (found,) = findings(JOB.replace("timeout: 1h\n", ""))
    assert (found.id, found.severity) == ("no-timeout", "note")
    assert "timeout" in found.message


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        (
            "${{ datasets.imgaes }}",
            "placeholder-unknown 4:13 ${{ datasets.imgaes }} names nothing that there is | did you mean",
        ),
        ("${{ inputs.images }}", "did you mean ${{ datasets.images }}?"),
        ("${{ images }}", "did you mean ${{ datasets.images }}?"),
        ("${{ secrets.key }}", "datasets of this job: images"),
        ("${{}}", "${{}} names nothing that there is"),
        ("${{ datasets.images }", "placeholder-unclosed 4:13 the placeholder in '${{ datasets.images }' is not closed"),
        (
            "--epochs 10",
            "argument-two-in-one 4:13 '--epochs 10' reaches the script as one argument, with the space in it",
        ),
        ("-n 1", 'write two items: "-n", "1"'),
    ],
)
def test_arguments_that_can_not_mean_what_they_say(
    project: Path, findings: Found, argument: str, expected: str
) -> None:
    job = JOB + f"arguments: ['{argument}', '${{{{ datasets.images }}}}']\ndatasets: {{images: {{path: data}}}}\n"
    assert expected in only(findings(job))


@pytest.mark.parametrize("argument", ["a b", "--note=a b", "- a", "--", "$5", "{x}", "a -b c"])
def test_arguments_that_only_look_odd_are_left_alone(project: Path, findings: Found, argument: str) -> None:
    assert told(findings(JOB + f"arguments: ['{argument}']\n")) == []


def test_a_job_without_datasets_is_told_how_to_get_one(project: Path, findings: Found) -> None:
    text = only(findings(JOB + "arguments: ['${{ datasets.d }}']\n"))
    assert "this job has no datasets; add datasets: {d: {path: FOLDER}}" in text


def test_a_dataset_that_nothing_uses_is_doubtful(project: Path, findings: Found) -> None:
    found = findings(JOB + "datasets:\n  images: {path: data}\n")
    assert "dataset-unused 5:3 no argument mentions the dataset 'images' | pass it on" in only(found)
    assert found[0].severity == "warning"


def test_a_placeholder_within_an_argument_counts_like_one_alone(project: Path, findings: Found) -> None:
    datasets = "datasets: {d: {path: data}, e: {name: cloud}}\n"
    arguments = ["--in=${{ datasets.d }}/glass", "${{datasets.e}}:${{ datasets.d }}"]
    assert told(findings(f"{JOB}arguments: {arguments}\n{datasets}")) == []
    job = Job.load(project / "job.yaml")
    assert job.resolve_arguments({"d": "/in/d", "e": "e"}) == ["--in=/in/d/glass", "e:/in/d"]
    found = told(findings(f'{JOB}arguments: ["--in=${{{{ datasets.f }}}}/glass"]\n'))
    assert [text.partition(" names")[0] for text in found] == ["placeholder-unknown 4:13 ${{ datasets.f }}"]


def test_a_placeholder_in_a_variable_or_tag_is_doubtful(project: Path, findings: Found) -> None:
    job = JOB + "arguments: ['${{ datasets.d }}']\ndatasets: {d: {path: data}}\n"
    job += "environment: {variables: {DATA: '${{ datasets.d }}'}}\ntags: {t: '${{ datasets.d }}'}\n"
    assert [text.split()[:2] for text in told(findings(job))] == [
        ["placeholder-misplaced", "6:27"],
        ["placeholder-misplaced", "7:8"],
    ]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("trian.py", "script-missing 2:1 'trian.py' is not in the source folder | did you mean train.py?"),
        ("Train.py", "did you mean train.py? Upper and lower case count"),
        ("evaluate.py", "did you mean src/evaluate.py?"),
        ("zzz.py", "Python files there: hidden/out.py, src/evaluate.py, train.py"),
        ("src", "script-missing 2:1 'src' is a folder, not a Python file | did you mean src/evaluate.py?"),
        ("src\\evaluate.py", "script-backslash 2:1 'src\\evaluate.py' has a backslash | write script: src/evaluate.py"),
        ("../outside.py", "script-outside 2:1 '../outside.py' leads out of the source folder"),
        ("/etc/passwd", "script-outside 2:1 '/etc/passwd' leads out"),
        ("secret.py", "script-excluded 2:1 'secret.py' is there, but doesn't travel | see .ferryignore"),
        ("outputs/old.py", "script-excluded 2:1 'outputs/old.py' is there, but doesn't travel"),
        ("run.sh", "script-not-python 2:1 'run.sh' is no Python file, but Python would run it"),
    ],
)
def test_a_script_that_would_not_run(project: Path, findings: Found, script: str, expected: str) -> None:
    for name in ("src/evaluate.py", "hidden/out.py", "secret.py", "outputs/old.py", "run.sh"):
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text("pass\n")
    (project / ".ferryignore").write_text("secret.py\n/data\n")
    (project.parent / "outside.py").write_text("pass\n")
    found = [finding for finding in findings(JOB.replace("train.py", script)) if finding.id != "results-hold-code"]
    assert expected in only(found)


@pytest.mark.parametrize("script", ["train.py", "./train.py", "src/../train.py", "odd\\name.py"])
def test_ways_to_write_a_script_that_is_there(project: Path, findings: Found, script: str) -> None:
    (project / "src").mkdir()
    (project / "odd\\name.py").write_text("pass\n")
    assert told(findings(JOB.replace("train.py", script))) == []


def test_a_source_without_python_files_says_so(tmp_path: Path, findings: Found) -> None:
    assert "there is no Python file in the source folder" in only(findings())


def test_a_missing_source_is_told_at_its_key(project: Path, findings: Found) -> None:
    text = only(findings(JOB + "source: scr\n"))
    assert text.startswith("source-missing 4:1 the source folder ")


def test_problems_of_the_snapshot_are_findings(project: Path, findings: Found) -> None:
    (project / "away").symlink_to("/etc/hostname")
    (found,) = findings()
    assert (found.id, found.severity) == ("link-leads-out", "error")


def test_a_large_source_names_what_makes_it_large(project: Path, findings: Found) -> None:
    for name, size in (("models/a.bin", 200_000_000), ("models/b.bin", 100_000_000), ("core.dump", 50_000_000)):
        (project / name).parent.mkdir(exist_ok=True)
        with (project / name).open("wb") as stream:
            stream.truncate(size)
    text = only(findings())
    assert "source-large 1:1 350 MB would travel with every run; largest: models/ 300 MB, core.dump 50 MB" in text
    assert ".ferryignore" in text


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("daat", "dataset-missing 5:16 the dataset 'd' is not there: "),
        ("daat", "/project/data?"),
        ("DATA", "/project/data?"),
        ("data/galss", "/project/data/glass?"),
        ("zzz", "'zzz' is taken relative to the job file; "),
        ("zzz/deeper", "holds: bare, data, hollow, "),
        ("hollow", "dataset-empty 5:16 the dataset 'd' holds no file: "),
        ("bare", "dataset-empty 5:16 the dataset 'd' is an empty file: "),
        (".", "dataset-holds-source 5:16 the dataset 'd' holds the whole source folder: "),
        ("..", "dataset-holds-source 5:16"),
    ],
)
def test_data_that_is_not_there_or_empty(project: Path, findings: Found, path: str, expected: str) -> None:
    (project / "hollow" / "deep" / "deeper").mkdir(parents=True)
    (project / "bare").touch()
    assert expected in only(
        [
            f
            for f in findings(JOB + f"arguments: ['${{{{ datasets.d }}}}']\ndatasets: {{d: {{path: {path}}}}}\n")
            if f.id != "class-empty"
        ][-1:]
    )


def test_a_data_folder_inside_the_source_does_not_make_it_large(project: Path, findings: Found) -> None:
    with (project / "data" / "big.bin").open("wb") as stream:
        stream.truncate(400_000_000)
    assert told(findings(JOB + "arguments: ['${{ datasets.d }}']\ndatasets: {d: {path: data}}\n")) == []


def test_every_rule_says_why_it_matters_and_how_to_mend_it() -> None:
    for name, rule in RULES.items():
        for text in (rule.title, rule.why, rule.how, rule.example):
            assert text, name
        assert rule.why.endswith("."), name


def starts(*arguments: str, **variables: str) -> bool:
    """Whether this system starts a process with these."""
    try:
        return subprocess.run(["true", *arguments], env=os.environ | variables, check=False).returncode == 0
    except OSError as error:
        return error.errno != errno.E2BIG


@pytest.mark.parametrize(("length", "fits"), [(131_071, True), (131_072, False)])
def test_what_no_process_can_be_given_is_found_before_it_starts(
    project: Path, findings: Found, length: int, fits: bool
) -> None:
    """The rule agrees with the system that the test runs on; the first letter has two bytes."""
    text = "ü" + "x" * (length - 2)
    variable = text[:-4]
    if os.sysconf("SC_PAGE_SIZE") == 4096:
        assert (starts(text), starts(BIG=variable)) == (fits, fits)
    found = findings(f"{JOB}arguments: [--text, {text}]\nenvironment: {{variables: {{BIG: {variable}}}}}\n")
    expected = [(4, "argument 2 has 131,072 bytes"), (5, "the variable BIG has 131,072 bytes")]
    long = [(one.line, one.message.partition(", and")[0]) for one in found if one.id == "argument-too-long"]
    assert long == ([] if fits else expected)


def test_a_source_without_end_is_not_walked_to_the_end(project: Path, findings: Found) -> None:
    """A home folder has as many files; here a thousand are seen through hundreds of links, and that is one error."""
    (project / "cache").mkdir()
    for number in range(1_000):
        (project / "cache" / str(number)).touch()
    for number in range(250):
        (project / f"link{number}").symlink_to("cache")
    text = only(findings(JOB + "source: .\n"))
    assert text.startswith(
        f"source-too-many 4:1 stopped after 200,000 files and folders in the source folder {project};"
    )
    assert "most so far: " in text
    assert "/ 1,001, " in text
    assert "let source name the folder of the script, or list in .ferryignore what it doesn't need" in text
