"""The benchmark of the dry run takes any corpus of its form: it judges strictly, and no case breaks it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

JOB = """\
name: demo
backend: azureml
source_dir: src
script: train.py
args: {data: '{inputs.data}'}
inputs:
  data: {path: ./data, mode: ro_mount}
environment: {python: '3.11', pip: [tensorflow==2.21.0, pillow]}
compute: {name: gpu-cluster, vm_size: Standard_NC4as_T4_v3, region: westeurope, nodes: 1, max_nodes: 1}
"""
TWO = JOB.replace("inputs:", "inputs:\n  labels: {path: ./data/labels.csv}")
SHELL = "command: python train.py --data {inputs.data} && echo done"
ERROR, WARNING = ("error", "warn")


def failing(name: str, severity: str, mention: str, **more: Any) -> dict[str, Any]:
    """A case that has to be caught."""
    return {"case": name, "id": name, "spec": JOB, "expect": {"severity": severity, "mention": mention}, **more}


def passing(name: str, **more: Any) -> dict[str, Any]:
    """A job that must not be rejected."""
    return {"case": name, "id": name, "spec": JOB, "expect": "pass (warnings allowed)", **more}


@pytest.fixture
def run(root: Path, tmp_path: Path) -> Any:
    """Run the benchmark, check only, over cases and valid jobs; returns its summary and the row of each case."""

    def of(cases: list[dict[str, Any]], valid: list[dict[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
        corpus, out = tmp_path / "corpus.json", tmp_path / "out.json"
        corpus.write_text(json.dumps({"cases": cases, "false_alarms": valid}))
        command = [sys.executable, "-m", "bench.dry_run", "--corpus", str(corpus), "--json", str(out)]
        command += ["--stages", "check", "--cache", str(tmp_path / "cache"), "--docs", str(tmp_path / "page.md")]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        assert out.exists(), done.stderr
        result = json.loads(out.read_text())
        return result["summary"], {row["case"]: row for row in result["rows"]}

    return of


def test_cases_are_laid_out_and_judged(run: Any, tmp_path: Path) -> None:
    cases = [
        failing("picture", ERROR, "cat0.jpg", setup="echo '<html>' > data/cat/cat0.jpg"),
        failing("kind", WARNING, "dog1.jpg", setup="convert ok.jpg png:data/dog/dog1.jpg"),
        failing("strict", ERROR, "dog1.jpg", setup="convert ok.jpg png:data/dog/dog1.jpg"),
        failing("mention", ERROR, "no such word", setup="echo '<html>' > data/cat/cat0.jpg"),
        failing("twice", ERROR, "compute", spec=JOB + "compute: {name: other}\n"),
        failing("typo", ERROR, "computee", spec=JOB + "computee: {name: other}\n"),
        failing("list", ERROR, "layers", spec=JOB.replace("{data: '{inputs.data}'}", "{layers: [64, 32]}")),
        failing("pipe", WARNING, "exit", spec=JOB.replace("script: train.py", "command: python train.py | tee log")),
        failing(
            "quota",
            ERROR,
            "quota",
            setup="""echo '{"Standard NCASv3_T4 Family": {"limit":2,"used":0}}' > .cache/quota.json""",
        ),
        failing("data", ERROR, "errno 30", files={"src/train.py": "open('data/x.txt', 'w')"}),
        failing("yaml", ERROR, "job.yaml", spec="name: [a\nscript: train.py\n"),
        {"case": "cloud", "id": "cloud", "spec": JOB, "layer": "no", "expect": None},
    ]
    valid = [
        passing("plain"),
        passing("reads", files={"src/train.py": "import os\nfor c in os.listdir('data'): print(c)"}),
        passing(
            "module",
            spec=JOB.replace("script: train.py", "command: python -m pkg.train"),
            files={"src/pkg/train.py": "print(1)"},
        ),
        passing("two", spec=TWO, files={"src/train.py": "open('data/labels.csv')", "data/labels.csv": "a"}),
        passing("shell", spec=JOB.replace("script: train.py\nargs: {data: '{inputs.data}'}", SHELL)),
        passing("folder", spec=JOB.replace("./data", "./my data/é"), setup="mkdir -p 'my data/é/1 star'"),
    ]
    summary, rows = run(cases, valid)
    results = {name: row["result"] for name, row in rows.items()}
    assert results == {
        **dict.fromkeys(("picture", "kind", "twice", "typo", "list", "pipe", "quota", "data", "yaml"), "caught"),
        **dict.fromkeys(("strict", "mention"), "missed"),
        **dict.fromkeys(("plain", "reads", "module", "folder", "two", "shell"), "passed"),
        "cloud": "not detectable",
    }
    assert (summary["cases"], summary["detectable"], summary["caught"], summary["false_alarms"]) == (12, 11, 9, 0)
    assert "| picture |" in (tmp_path / "page.md").read_text()


@pytest.mark.parametrize(
    "case",
    [
        {},
        {"spec": "just text"},
        {"spec": "[1, 2]"},
        {"spec": ": : :"},
        {"spec": JOB + "params: {a: [1, 2]}\nnobody: {knows: this}\n"},
        {"spec": JOB, "files": {"src/train.py": "def f(:\n"}},
        {"spec": JOB, "setup": "exit 3"},
        {"spec": JOB.replace("{path: ./data, mode: ro_mount}", "./data")},
        {"spec": JOB.replace("pip: [tensorflow==2.21.0, pillow]", "requirements: nowhere.txt")},
        {
            "spec": JOB.replace(
                "environment: {python: '3.11', pip: [tensorflow==2.21.0, pillow]}", "environment: a-name"
            )
        },
        {"spec": JOB, "expect": 7},
    ],
)
def test_no_case_breaks_it(run: Any, case: dict[str, Any]) -> None:
    summary, rows = run([{"case": "x", "expect": {"severity": "error", "mention": "zzz"}, **case}], [])
    assert summary["cases"] == 1
    assert rows["x"]["result"] in ("missed", "not detectable")
