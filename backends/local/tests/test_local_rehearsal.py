"""Rehearsals and dry runs on this machine: real scripts in real processes, under the rules of a target."""

import json
import os
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from trainferry import Ferry, Finding, Job
from trainferry.cli.main import main
from trainferry.rehearsing import Rehearsed
from trainferry.specs import Severity
from trainferry_local.isolation import try_it

isolated = pytest.mark.skipif(bool(try_it()), reason="this system allows no isolation")


class Project:
    """A project folder with a job of one script, and a Ferry for it."""

    def __init__(self, folder: Path, ferry: Ferry) -> None:
        self.folder = folder
        self.ferry = ferry

    def write(self, script: str, name: str = "train.py") -> None:
        """Write a file of the project."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(script))

    def job(self, **fields: Any) -> Job:
        """The job, as loaded from its file."""
        data = {"name": "try", "script": "train.py", "timeout": "1h", **fields}
        (self.folder / "job.yaml").write_text(json.dumps(data))
        return Job.load("job.yaml")

    def rehearse(self, script: str, **fields: Any) -> Rehearsed:
        """Rehearse a script."""
        self.write(script)
        return self.ferry.rehearse(self.job(**fields))

    def images(self, **counts: int) -> None:
        """Make a dataset `data` of class folders."""
        for name, count in counts.items():
            (self.folder / "data" / name).mkdir(parents=True)
            for number in range(count):
                (self.folder / "data" / name / f"{number}.jpg").write_bytes(b"x")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "trainferry.toml").touch()
    for name in ("HOME", "CACHE"):
        monkeypatch.setenv(f"TRAINFERRY_{name}", str(tmp_path / name.lower()))
    monkeypatch.setenv("TRAINFERRY_CONFIG", os.devnull)
    monkeypatch.chdir(folder)
    with Ferry() as ferry:
        yield Project(folder, ferry)


def ids(findings: Sequence[Finding], severity: Severity | None = None) -> list[str]:
    return [finding.id for finding in findings if severity in (None, finding.severity)]


GOOD = """
    import pathlib
    pathlib.Path('outputs/h.csv').write_text('epoch,loss\\n0,1\\n')
"""


def test_a_script_that_is_in_order_leaves_no_finding_and_no_trace(project: Project, tmp_path: Path) -> None:
    result = project.rehearse(GOOD, metrics="outputs/h.csv")
    assert result.rehearsal is not None
    assert (result.rehearsal.state, result.findings) == ("completed", ())
    assert result.rehearsal.outputs == {"outputs/h.csv": 15}
    assert result.rehearsal.peak_bytes
    assert project.ferry.runs() == []
    assert list((tmp_path / "cache" / "rehearsals").iterdir()) == []


def test_the_line_that_failed_is_told(project: Project) -> None:
    project.write("def load():\n    return {}['acc']\n", "lib/data.py")
    (finding,) = project.rehearse("from lib.data import load\n\nload()\n").findings
    assert (finding.id, finding.severity, finding.file, finding.line) == (
        "rehearsal-failed",
        Severity.ERROR,
        "lib/data.py",
        2,
    )
    assert "KeyError: 'acc'" in finding.message


@isolated
def test_only_the_snapshot_is_seen_and_a_mount_can_t_be_written(project: Project) -> None:
    project.images(cat=2)
    project.write("x = 1", "secret/helper.py")
    project.write("secret/\n", ".ferryignore")
    script = """
        import os, sys
        print(sorted(os.listdir('.')), os.path.exists(sys.argv[1] + '/cat/0.jpg'))
        try:
            open(sys.argv[1] + '/new', 'w')
        except OSError as error:
            print(error.errno)
        open('outputs/done.txt', 'w').write('x')
    """
    result = project.rehearse(script, arguments=["${{ datasets.d }}"], datasets={"d": {"path": "data"}})
    assert result.rehearsal is not None
    assert "True\n30\n" in result.rehearsal.log
    assert "secret" not in result.rehearsal.log
    assert ids(result.findings) == ["dataset-written"]
    assert not (project.folder / "data" / "new").exists()


def test_a_downloaded_dataset_may_be_written(project: Project) -> None:
    project.images(cat=2)
    script = "import sys; open(sys.argv[1] + '/new', 'w'); open('outputs/a.txt', 'w').write('x')"
    datasets = {"d": {"path": "data", "mode": "download"}}
    assert project.rehearse(script, arguments=["${{ datasets.d }}"], datasets=datasets).findings == ()
    assert not (project.folder / "data" / "new").exists()


def test_the_script_meets_the_target_s_variables_and_no_terminal(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setenv("WANDB_API_KEY", "abc")
    script = """
        import os, sys, tempfile
        print(os.environ.get('DISPLAY'), os.environ.get('WANDB_API_KEY'), sys.stdin.isatty(), os.environ['MINE'])
        print(os.listdir(os.path.expanduser('~')), os.listdir(tempfile.gettempdir()))
        open('outputs/a.txt', 'w').write('x')
    """
    fields = {"environment": {"current": True, "variables": {"MINE": "1"}}}
    result = project.rehearse(script, **fields)
    assert result.rehearsal is not None
    assert "None None False 1\n[] []\n" in result.rehearsal.log


@pytest.mark.parametrize("allowed", [True, False])
def test_the_network_is_off_if_the_job_says_so(project: Project, allowed: bool) -> None:
    script = """
        import socket
        with socket.create_server(('127.0.0.1', 0)) as server:
            socket.create_connection(server.getsockname()).close()
        try:
            socket.getaddrinfo('host.invalid', 80)
        except OSError as error:
            print(error)
        open('outputs/a.txt', 'w').write('x')
    """
    (finding,) = project.rehearse(script, rehearse={"network": allowed}).findings
    assert finding.id == "network-used"
    assert finding.severity is (Severity.NOTE if allowed else Severity.WARNING)
    assert "host.invalid" in finding.message


@pytest.mark.parametrize(
    ("script", "rule"),
    [
        ("open('model.h5', 'w').write('x'); open('outputs/a.txt', 'w').write('x')", "output-lost"),
        ("import os; open(os.path.expanduser('~/m.keras'), 'w').write('x'); open('outputs/a', 'w')", "output-lost"),
        ("print('error: no data')", "outputs-empty"),
        ("open('outputs/a:b.txt', 'w').write('x')", "output-name"),
        ("open('outputs/m.keras', 'w').write('x')", "model-unreadable"),
        ("open('outputs/big.bin', 'wb').truncate(600_000_000)", "outputs-large"),
        ("open('outputs/a.txt', 'w').write('x'); input('go on?')", "rehearsal-input"),
        ("import tensorflow_that_is_not_there", "rehearsal-failed"),
    ],
)
def test_what_goes_wrong_is_a_finding(project: Project, script: str, rule: str) -> None:
    assert ids(project.rehearse(script).findings) == [rule]


@pytest.mark.parametrize(
    "script",
    [
        "import tempfile, os; open(os.path.join(tempfile.mkdtemp(), 'cache.bin'), 'wb').write(b'x')",
        "import traceback\ntry: 1/0\nexcept ZeroDivisionError: traceback.print_exc()\nraise SystemExit(0)",
        "import os; os.makedirs('cache'); open('cache/index.tmp', 'w').write('x')",
        "import os; os.makedirs(os.path.expanduser('~/.keras')); open(os.path.expanduser('~/.keras/m.h5'), 'w')",
    ],
)
def test_what_a_valid_script_may_do_is_none(project: Project, script: str) -> None:
    result = project.rehearse(f"open('outputs/a.txt', 'w').write('x')\n{script}")
    assert ids(result.findings) == []


def test_metrics_that_the_job_declares_are_asked_for(project: Project) -> None:
    script = "open('outputs/history.csv', 'w').write('epoch,loss\\n0,1\\n')"
    (finding,) = project.rehearse(script, metrics="outputs/hist.csv").findings
    assert (finding.id, finding.remedy) == ("metrics-missing", "did you mean outputs/history.csv?")
    (finding,) = project.rehearse("open('outputs/h.csv', 'w').write('')", metrics="outputs/h.csv").findings
    assert finding.id == "metrics-unreadable"


def test_a_script_that_hangs_is_ended(project: Project) -> None:
    result = project.rehearse("print('begun', flush=True)\nwhile True: pass", rehearse={"timeout": 1})
    assert result.rehearsal is not None
    assert (result.rehearsal.state, ids(result.findings)) == ("timeout", ["rehearsal-timeout"])
    assert "begun" in result.findings[0].message


def test_a_failure_that_looks_like_a_small_sample_rejects_nothing(project: Project) -> None:
    project.images(cat=450, dog=3)
    script = """
        import os, sys
        found = {name: len(os.listdir(f'{sys.argv[1]}/{name}')) for name in sorted(os.listdir(sys.argv[1]))}
        raise ValueError(f'n_samples={found}')
    """
    result = project.rehearse(script, arguments=["${{ datasets.d }}"], datasets={"d": {"path": "data"}})
    assert ids(result.findings, Severity.ERROR) == []
    assert ids(result.findings) == ["rehearsal-sample"]
    assert "{'cat': 48, 'dog': 3}" in result.findings[0].message
    assert result.rehearsal is not None
    assert result.rehearsal.samples == {"d": "51 of 453 files"}


def test_a_script_that_needs_a_gpu_is_not_rejected(project: Project) -> None:
    result = project.rehearse("raise RuntimeError('No CUDA GPUs are available')")
    assert (ids(result.findings, Severity.ERROR), ids(result.findings)) == ([], ["rehearsal-gpu"])


def test_a_dataset_in_the_cloud_can_be_named_a_copy_here(project: Project) -> None:
    datasets = {"d": {"uri": "azureml://datastores/x/paths/y"}}
    script = "import os, sys; open('outputs/n.txt', 'w').write(str(os.listdir(sys.argv[1])))"
    fields: dict[str, Any] = {"arguments": ["${{ datasets.d }}"], "datasets": datasets}
    result = project.rehearse(script, **fields)
    assert result.rehearsal is None
    assert ids(result.findings) == ["rehearsal-impossible"]
    assert "backends: {local:" in result.findings[0].remedy


def test_an_environment_of_an_image_is_not_rehearsed_unless_the_job_names_another(project: Project) -> None:
    image = {"image": "docker.io/x"}
    assert ids(project.rehearse(GOOD, environment=image).findings) == ["rehearsal-impossible"]
    result = project.rehearse(GOOD, environment=image, rehearse={"environment": "current"})
    assert result.rehearsal is not None
    assert result.rehearsal.differences


def test_a_backend_that_cannot_rehearse_says_so(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINFERRY_REHEARSE_ON", "nowhere")
    project.write(GOOD)
    with Ferry() as ferry:
        result = ferry.rehearse(project.job())
    assert ids(result.findings) == ["rehearsal-impossible"]


def test_a_dry_run_goes_through_all_stages(project: Project) -> None:
    project.write(GOOD)
    verdict = project.ferry.dry_run(project.job(metrics="outputs/h.csv"))
    assert (verdict.ok, verdict.findings) == (True, ())
    assert [(stage.name, stage.state) for stage in verdict.stages] == [
        ("check", "done"),
        ("resolve", "done"),
        ("plan", "done"),
        ("rehearse", "done"),
    ]
    assert verdict.plan is not None
    assert verdict.rehearsal is not None


def test_an_error_of_the_check_spares_the_rehearsal(project: Project) -> None:
    verdict = project.ferry.dry_run(project.job(script="trian.py"))
    assert ids(verdict.errors) == ["script-missing"]
    assert [str(stage.state) for stage in verdict.stages] == ["done", "done", "skipped", "skipped"]
    assert verdict.rehearsal is None


def test_the_command_says_it_on_one_screen(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.write("x = {}\nprint(x['acc'])\n")
    project.job()
    assert main(["dry-run", "job.yaml", "--sarif", "out.sarif"]) == 1
    said = capsys.readouterr().out
    assert said.startswith(
        "train.py:2: error: it failed in the rehearsal (exit code 1): KeyError: 'acc' [rehearsal-failed]"
    )
    assert said.splitlines()[-1] == "try would fail on 'local': 1 error, 0 warnings"
    assert json.loads(Path("out.sarif").read_text())["runs"][0]["results"][0]["ruleId"] == "rehearsal-failed"
    assert main(["dry-run", "job.yaml", "--no-rehearse"]) == 0
    assert "rehearse            skipped: not asked for" in capsys.readouterr().out


def test_the_command_speaks_json(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.write("print(1)  # ferry: ignore[outputs-empty]\n")
    job = "name: try\n# ferry: ignore[outputs-empty]\nscript: train.py\n"
    Path("job.yaml").write_text(job)
    assert main(["dry-run", "job.yaml", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["ok"], [found["id"] for found in data["silenced"]]) == (True, ["outputs-empty"])
    assert [found["id"] for found in data["findings"]] == ["no-timeout"]
    assert data["rehearsal"]["state"] == "completed"


def test_a_broken_job_file_is_a_verdict_too(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    Path("job.yaml").write_text("name: try\nscirpt: train.py\n")
    assert main(["dry-run", "job.yaml", "--json"]) == 1
    data = json.loads(capsys.readouterr().out)
    assert {found["id"] for found in data["findings"]} == {"job-file"}
    assert data["findings"][0]["line"] == 2 or data["findings"][1]["line"] == 2


def test_a_run_is_submitted_only_after_a_good_rehearsal(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.write("raise KeyError('acc')")
    project.job()
    assert main(["run", "job.yaml", "--rehearse"]) == 1
    assert "nothing was submitted" in capsys.readouterr().err
    assert project.ferry.runs() == []
    project.write(GOOD)
    assert main(["run", "job.yaml", "--rehearse", "--quiet"]) == 0


def test_a_failed_run_names_the_finding_that_would_have_caught_it(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.write("raise KeyError('acc')")
    project.job()
    assert main(["run", "job.yaml", "--quiet"]) == 1
    capsys.readouterr()
    main(["show", "latest", "--json"])
    assert json.loads(capsys.readouterr().out)["caught_by"] == "rehearsal-failed"
    main(["show", "latest"])
    assert "ferry explain rehearsal-failed" in capsys.readouterr().out


def test_what_a_killed_rehearsal_left_is_cleared_away_a_day_later(project: Project, tmp_path: Path) -> None:
    old, young = (tmp_path / "cache" / "rehearsals" / name for name in ("1-1", "2-2"))
    for folder in (old, young):
        folder.mkdir(parents=True)
    os.utime(old, (1, 1))
    project.rehearse(GOOD)
    assert (old.exists(), young.exists()) == (False, True)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_keras_is_cut_short_and_its_mistakes_are_found(project: Project) -> None:
    pytest.importorskip("tensorflow")
    script = """
        import keras, numpy as np
        m = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(1)])
        m.compile('sgd', 'mse')
        h = m.fit(np.ones((6400, 4)), np.ones((6400, 1)), epochs=500, verbose=2)
        print(len(h.history['loss']))
        m.save('outputs/')
    """
    result = project.rehearse(script)
    (finding,) = result.findings
    assert (finding.id, finding.line) == ("rehearsal-failed", 7)
    assert ".keras" in finding.message
    assert result.rehearsal is not None
    assert "\n2\n" in result.rehearsal.log
    assert result.rehearsal.step_seconds
    assert result.rehearsal.expected_seconds
