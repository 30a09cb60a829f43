"""Resolving environments: real uv against an index of tiny packages in a folder; no network."""

import io
import tarfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trainferry import Job
from trainferry.resolving import keeping, resolve
from trainferry.resolving.asking import Question
from trainferry.resolving.complaints import explain
from trainferry.resolving.known import CLASHES, clashes
from trainferry.resolving.requirements import absolute, name_of
from trainferry.resolving.stage import question_of
from trainferry.site import Site
from trainferry.specs import Confidence, Finding, RehearsalRules, Severity
from trainferry.specs.job import Origin

RULES = RehearsalRules(platform="linux")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that uv takes for the whole index."""
    folder = tmp_path / "index"
    folder.mkdir()
    settings = tmp_path / "settings.toml"
    settings.write_text(f'no-index = true\nfind-links = ["{folder}"]\n')
    monkeypatch.setenv("UV_CONFIG_FILE", str(settings))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    return folder


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(home=tmp_path / "state", cache=tmp_path / "cache")


def wheel(index: Path, name: str, version: str, *requires: str, tag: str = "py3-none-any", python: str = "") -> None:
    """Publish a package without content."""
    file = name.replace("-", "_")
    lines = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"]
    lines += [f"Requires-Dist: {one}" for one in requires] + ([f"Requires-Python: {python}"] if python else [])
    with zipfile.ZipFile(index / f"{file}-{version}-{tag}.whl", "w") as archive:
        archive.writestr(f"{file}-{version}.dist-info/METADATA", "\n".join(lines) + "\n")
        archive.writestr(f"{file}-{version}.dist-info/WHEEL", f"Wheel-Version: 1.0\nTag: {tag}\n")
        archive.writestr(f"{file}-{version}.dist-info/RECORD", "")


def sdist(index: Path, name: str, version: str) -> None:
    """Publish a package as source only, with metadata that needs no build."""
    with tarfile.open(index / f"{name}-{version}.tar.gz", "w:gz") as archive:
        for path, text in {
            "PKG-INFO": f"Metadata-Version: 2.2\nName: {name}\nVersion: {version}\n",
            "pyproject.toml": f'[project]\nname = "{name}"\nversion = "{version}"\n',
        }.items():
            entry = tarfile.TarInfo(f"{name}-{version}/{path}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))


def job(*pip: str, python: str = "3.11", **environment: Any) -> Job:
    return Job.model_validate(
        {"name": "j", "script": "a.py", "environment": {"python": python, "pip": list(pip), **environment}}
    )


def test_a_set_that_fits_resolves_with_its_dependencies(index: Path, site: Site) -> None:
    wheel(index, "mill", "2.0", "flour>=1")
    wheel(index, "flour", "1.4")
    found = resolve(job("mill"), RULES, site)
    assert {package.name: package.version for package in found.packages} == {"mill": "2.0", "flour": "1.4"}
    assert (found.findings, found.checked) == ((), True)
    assert found.summary == "2 packages for Python 3.11 on linux"


@pytest.mark.parametrize(
    ("pip", "rule", "said", "remedy"),
    [
        (["mill==2.0", "flour==2.0"], "package-conflict", "flour<2", "takes flour<2"),
        (["mill==9.9"], "package-version", "'mill==9.9'", "the newest that fits Python 3.11 is 2.0"),
        (["mill>2"], "package-version", "'mill>2'", "2.0"),
        (["miller"], "package-unknown", "no package 'miller'", ""),
        (["tensorfow"], "package-unknown", "'tensorfow'", "did you mean tensorflow?"),
        (["cv2"], "package-unknown", "'cv2'", "opencv-python-headless"),
        (["baker"], "package-unknown", "'oven', which another package needs", ""),
        (["old"], "package-no-wheel", "old", ""),
        (["narrow==1.0"], "package-no-wheel", "narrow==1.0 has no wheel for Python 3.11", "cp39"),
        (["mill=2.0"], "package-syntax", "'mill=2.0'", "NAME==VERSION"),
    ],
)
def test_what_does_not_resolve_says_why_and_what_to_do(
    index: Path, site: Site, pip: list[str], rule: str, said: str, remedy: str
) -> None:
    wheel(index, "mill", "2.0", "flour<2")
    wheel(index, "flour", "1.4")
    wheel(index, "flour", "2.0")
    wheel(index, "baker", "1.0", "oven>=3")
    wheel(index, "old", "1.0", python=">=3.12")
    wheel(index, "narrow", "1.0", tag="cp39-cp39-manylinux2014_x86_64")
    (finding,) = resolve(job(*pip), RULES, site).findings
    assert (finding.id, finding.severity) == (rule, Severity.ERROR)
    assert said in finding.message
    assert remedy in finding.remedy


def test_the_place_of_the_item_at_fault_is_told(index: Path, site: Site, tmp_path: Path) -> None:
    file = tmp_path / "job.yaml"
    file.write_text("name: j\nscript: a.py\nenvironment:\n  python: '3.11'\n  pip:\n    - mill\n    - nowhere\n")
    wheel(index, "mill", "2.0")
    (finding,) = resolve(Job.load(file), RULES, site).findings
    assert (finding.file, finding.line) == (str(file), 7)


def test_a_package_that_is_source_only_is_a_warning(index: Path, site: Site) -> None:
    sdist(index, "grist", "1.0")
    (finding,) = resolve(job("grist"), RULES, site).findings
    assert (finding.id, finding.severity) == ("package-source-only", Severity.WARNING)
    assert "grist 1.0" in finding.message


def test_the_platform_of_the_target_counts_not_that_of_this_machine(index: Path, site: Site) -> None:
    wheel(index, "stone", "1.0", tag="cp311-cp311-win_amd64")
    assert resolve(job("stone"), RehearsalRules(platform="windows"), site).findings == ()
    (finding,) = resolve(job("stone"), RULES, site).findings
    assert finding.id == "package-no-wheel"


def test_an_answer_is_kept_and_an_old_one_is_asked_for_again(index: Path, site: Site) -> None:
    wheel(index, "mill", "1.0")
    assert resolve(job("mill"), RULES, site).packages[0].version == "1.0"
    wheel(index, "mill", "2.0")
    assert resolve(job("mill"), RULES, site).packages[0].version == "1.0"
    place = keeping.place_of(question_of(job("mill"), RULES), site.cache)
    place.write_text(place.read_text().replace('"asked": ', f'"asked": {time.time() - keeping.FRESH - 60} , "was": '))
    assert resolve(job("mill"), RULES, site).packages[0].version == "2.0"


def test_a_damaged_kept_answer_is_none(index: Path, site: Site) -> None:
    wheel(index, "mill", "1.0")
    place = keeping.place_of(question_of(job("mill"), RULES), site.cache)
    place.parent.mkdir(parents=True)
    for text in ("", "{", "[]", '{"packages": [{"nome": 1}], "asked": 1, "complaint": ""}'):
        place.write_text(text)
        assert keeping.recall(place) is None
    assert resolve(job("mill"), RULES, site).checked


def test_offline_is_not_checked_and_never_fine(index: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel(index, "mill", "1.0")
    assert resolve(job("mill"), RULES, site).checked
    again = resolve(job("mill"), RULES, site, offline=True)
    assert again.checked
    assert "ago" in again.summary
    monkeypatch.delenv("UV_CONFIG_FILE")
    unknown = resolve(job("mill"), RULES, site, offline=True)
    assert not unknown.checked
    (finding,) = unknown.findings
    assert (finding.id, finding.severity) == ("not-resolved", Severity.NOTE)
    assert "not checked" in finding.message


def test_an_index_that_is_not_there_is_not_checked(site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    found = resolve(job("mill"), RULES, site)
    assert not found.checked
    assert [finding.id for finding in found.findings] == ["not-resolved"]
    assert not list(site.cache.glob("resolved/*.json"))


def test_a_repository_that_is_not_there_is_not_checked(site: Site, index: Path) -> None:
    found = resolve(job("mill @ git+https://127.0.0.1:9/mill.git"), RULES, site)
    assert ([f.id for f in found.findings], found.checked) == (["not-resolved"], False)


def test_a_build_of_another_index_is_named(index: Path, site: Site) -> None:
    wheel(index, "torch", "2.1.0")
    (finding,) = resolve(job("torch==2.1.0+cu118"), RULES, site).findings
    assert finding.id == "package-version"
    assert "write torch==2.1.0, which" in finding.remedy


@pytest.mark.parametrize("part", [{"conda": ["scipy"]}, {"curated": "AzureML-x"}, {"dockerfile": "Dockerfile"}])
def test_what_is_beyond_pip_is_said_to_be_unchecked(site: Site, part: dict[str, Any]) -> None:
    found = resolve(job(**part), RULES, site)
    assert not found.checked
    assert [finding.id for finding in found.findings] == ["not-resolved"]


def test_the_current_interpreter_has_nothing_to_resolve(site: Site) -> None:
    found = resolve(Job(name="j", script="a.py"), RULES, site)
    assert (found.checked, found.findings) == (True, ())


def test_a_python_that_nobody_names_is_the_target_s(site: Site) -> None:
    plain = Job.model_validate({"name": "j", "script": "a.py", "environment": {"pip": ["x"]}})
    assert question_of(plain, RehearsalRules(python="3.9")).python == "3.9"


def test_a_local_wheel_is_part_of_what_was_asked(tmp_path: Path) -> None:
    wheel(tmp_path, "mill", "1.0")
    here = job("./mill-1.0-py3-none-any.whl").with_origin(Origin(folder=tmp_path))
    question = question_of(here, RULES)
    assert question.requirements == (str(tmp_path / "mill-1.0-py3-none-any.whl"),)
    before = keeping.place_of(question, tmp_path)
    wheel(tmp_path, "mill", "1.0", "flour")
    assert keeping.place_of(question, tmp_path) != before


@pytest.mark.parametrize(
    ("packages", "said"),
    [
        ({"tensorflow": "2.8.0", "protobuf": "6.33.6"}, "protobuf<3.21"),
        ({"tensorflow": "2.8.0", "protobuf": "3.20.3", "numpy": "1.23.5"}, ""),
        ({"tensorflow": "2.15.1", "numpy": "2.0.0"}, "numpy<2"),
        ({"pandas": "2.1.0", "numpy": "2.1.0"}, "numpy<2"),
        ({"pandas": "2.2.3", "numpy": "2.1.0"}, ""),
        ({"mlflow": "2.9.2", "keras": "3.12.4", "tensorflow": "2.16.1"}, "mlflow"),
        ({"mlflow": "2.14.0", "keras": "3.12.4"}, ""),
        ({"torch": "2.1.0", "numpy": "2.0"}, "numpy<2"),
        ({"torch": "not a version", "numpy": "2.0"}, ""),
        ({}, ""),
    ],
)
def test_sets_that_resolve_but_do_not_work_are_known(packages: dict[str, str], said: str) -> None:
    found = list(clashes(packages))
    assert bool(found) == bool(said)
    assert all(said in f"{clash.remedy} {clash.package}" for clash in found)


def test_no_remedy_is_told_twice() -> None:
    found = list(clashes({"tensorflow": "2.8.0", "tensorboard": "2.8.0", "protobuf": "6.0", "numpy": "2.0"}))
    assert [clash.remedy for clash in found] == ['add "protobuf<3.21"', 'add "numpy<1.24"']
    assert all(clash.why and clash.remedy for clash in CLASHES)


def test_a_clash_is_a_finding_at_its_package(index: Path, site: Site) -> None:
    wheel(index, "mlflow", "2.9.2")
    wheel(index, "keras", "3.1")
    (finding,) = resolve(job("mlflow", "keras"), RULES, site).findings
    assert (finding.id, finding.severity, finding.confidence) == (
        "package-clash",
        Severity.WARNING,
        Confidence.LIKELY,
    )


Explained = Callable[[str], Finding]


@pytest.mark.parametrize(
    ("said", "rule", "mentions"),
    [
        (
            "× No solution found\nBecause requsts was not found in the package registry and you require requsts",
            "package-unknown",
            "requests",
        ),
        ("Because only numpy<=2.5.5 is available and you require numpy>99", "package-version", "1.0"),
        ("Because there are no versions of numpy>99 and you require numpy>99", "package-version", "numpy"),
        ("Because torch==1.4 has no wheels with a matching platform tag (e.g., `linux`)", "package-no-wheel", "torch"),
        ("Failed to build `sklearn==0.0.post12`\nhint: x", "package-build", "scikit-learn"),
        ("Failed to build `tensorflow-gpu==2.12.0`\nValueError: gone", "package-build", "GPU support of its own"),
        (
            "Failed to download and build `mysqlclient==1.4`\nException: Can not find mysql",
            "package-build",
            "mysqlclient",
        ),
        (
            "Because a==1 depends on c>2 and b==1 depends on c<2, your requirements are unsatisfiable.",
            "package-conflict",
            "a==1 takes c>2",
        ),
        ("something that uv will say in a later version", "package-conflict", "later version"),
    ],
)
def test_the_words_of_uv_are_understood(said: str, rule: str, mentions: str) -> None:
    finding = explain(job("requsts", "numpy>99"), said, lambda _: "1.0", "3.11")
    assert finding.id == rule
    assert mentions in f"{finding.message} {finding.remedy}"


def test_a_very_long_explanation_is_cut() -> None:
    finding = explain(job("a"), "Because a==1 depends on b==2 " * 200, lambda _: None, "3.11")
    assert len(finding.message) < 900


def test_requirements_are_read_as_pip_reads_them(tmp_path: Path) -> None:
    assert [name_of(item) for item in ("Scikit_Learn[x]>=1", "a @ https://x/y.whl", "./b", "c=1")] == [
        "scikit-learn",
        "a",
        "",
        "",
    ]
    assert absolute("../b", tmp_path / "c") == str(tmp_path / "c" / "../b")
    assert absolute("b==1", tmp_path) == "b==1"
    assert Question(("a",), "3.11") == Question(("a",), "3.11", None)
