"""Silencing findings by a comment beside what they are about, or by the settings."""

from pathlib import Path

import pytest

from trainferry import Ferry, Finding, Job
from trainferry.silencing import Silencer


def finding(file: str | None, line: int | None = None, name: str = "rule") -> Finding:
    return Finding.model_validate({"id": name, "severity": "error", "message": "m", "file": file, "line": line})


@pytest.mark.parametrize(
    ("text", "line", "silent"),
    [
        ("x = 1  # ferry: ignore[rule]\n", 1, True),
        ("x = 1  #ferry:ignore[other, rule]\n", 1, True),
        ("x = 1  # ferry: ignore[other]\n", 1, False),
        ("x = 1  # ferry: ignore[rule2]\n", 1, False),
        ("# ferry: ignore[rule]\nx = 1\n", 2, True),
        ("# ferry: ignore[rule]\n# because of this\nx = 1\n", 3, True),
        ("y = 2  # ferry: ignore[rule]\nx = 1\n", 2, False),
        ("# ferry: ignore[rule]\n\nx = 1\n", 3, False),
        ("x = 1\n# ferry: ignore[rule]\n", 1, False),
        ("x = 1\n", 7, False),
        ("a: 1\n# ferry: ignore[rule]\n", None, True),
        ("a: 1  # ferry: ignore[rule]\n", None, False),
        ("# ferry: ignore[]\nx = 1\n", 2, False),
        ("# ferry: ignore rule\nx = 1\n", 2, False),
    ],
)
def test_a_comment_silences_its_own_line_or_the_next(text: str, line: int | None, silent: bool) -> None:
    Path("train.py").write_text(text)
    kept, silenced = Silencer().split([finding("train.py", line)])
    assert (kept == [], len(silenced)) == (silent, int(silent))


def test_the_settings_silence_everywhere() -> None:
    here, there = finding(None), finding("gone.py", 3, "other")
    assert Silencer(["rule"]).split([here, there]) == ([there], [here])


def test_a_file_that_is_none_silences_nothing(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"\xff\xfe ferry: # ferry: ignore[rule]\n")
    assert Silencer().split([finding(str(tmp_path), 1), finding("\0", 1), finding(str(tmp_path / "no"), 1)])[1] == []
    assert len(Silencer().split([finding(str(tmp_path / "b"), 1)])[1]) == 1


def test_an_error_that_is_silenced_stops_nothing(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("job.yaml").write_text("name: j\nscript: train.py\ntimeout: 1h\narguments: ['${{ datasets.x }}']\n")
    with Ferry() as ferry:
        plan = ferry.plan(Job.load("job.yaml"))
        assert [found.id for found in plan.errors] == ["placeholder-unknown"]
        assert plan.actions == ()
    text = Path("job.yaml").read_text().replace("']", "']  # ferry: ignore[placeholder-unknown]")
    Path("job.yaml").write_text(text.replace("${{ datasets.x }}", "${{ datasets.y }}"))
    with Ferry() as ferry:
        kept, silenced = ferry.examine(Job.load("job.yaml"))
        assert (kept, [found.id for found in silenced]) == ([], ["placeholder-unknown"])
    monkeypatch.setenv("TRAINFERRY_IGNORE", "no-timeout, placeholder-unknown")
    Path("job.yaml").write_text("name: j\nscript: train.py\narguments: ['${{ datasets.x }}']\n")
    with Ferry() as ferry:
        assert ferry.check(Job.load("job.yaml")) == []
