"""Environments: built once for each content, whole or not at all, and with a plain word when they can't be built."""

import json
import os
import signal
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from trainferry.errors import BackendError
from trainferry.progress import Progress, silent
from trainferry.specs import EnvironmentSpec, RunState
from trainferry_local.environments import Environment, build, environment_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from backends.local.tests.conftest import Lab


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test here needs the network; uv's cache is the test's own."""
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))


def wheel(folder: Path, name: str, version: str = "1.0", requires: str = "") -> Path:
    """A wheel with one module that knows its version."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    needs = f"Requires-Dist: {requires}\n" if requires else ""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.py", f"VERSION = {version!r}\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", f"{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return path


def of(lab: "Lab", *pip: str | Path, **more: str) -> Environment:
    """The environment of these packages."""
    spec = EnvironmentSpec.model_validate({"pip": [str(item) for item in pip], **more})
    return environment_of(spec, lab.site.cache, lab.project)


def test_a_job_runs_in_the_environment_that_it_names(lab: "Lab") -> None:
    lab.write("import json, sys, parcel; print(json.dumps([parcel.VERSION, sys.prefix, sys.version_info[:2]]))")
    path = wheel(lab.project.parent / "wheels", "parcel", "2.5")
    environment = {"name": "post", "pip": [str(path)], "python": f"3.{sys.version_info.minor}"}
    plan = lab.plan(environment=environment)
    assert [(action.kind, action.resource.partition(":")[0]) for action in plan.actions] == [
        ("build", "environment"),
        ("submit", "run"),
    ]
    assert plan.actions[0].resource == "environment:post"
    version, prefix, python = json.loads(lab.log(lab.run(environment=environment)))
    assert (version, python) == ("2.5", list(sys.version_info[:2]))
    assert Path(prefix).is_relative_to(lab.site.cache / "environments")
    again = lab.plan(environment=environment)
    assert again.actions[0].kind == "reuse"
    assert lab.plan(environment={**environment, "name": "other", "image": "x/y"}).actions[0].kind == "reuse"


def test_a_relative_wheel_is_found_from_the_jobs_folder_and_a_changed_one_is_another_environment(lab: "Lab") -> None:
    path = wheel(lab.project / "wheels", "parcel")
    first = of(lab, "./wheels/parcel-1.0-py3-none-any.whl")
    assert of(lab, "wheels/parcel-1.0-py3-none-any.whl") == first
    build(first, silent)
    assert first.complete
    os.utime(path, (1, 1))
    assert of(lab, "./wheels/parcel-1.0-py3-none-any.whl").key != first.key


def test_the_identity_is_what_gets_installed(lab: "Lab") -> None:
    one = of(lab, "a", "b")
    assert of(lab, "a", "b", name="x", image="y").key == one.key
    assert of(lab, "b", "a").key != one.key
    assert of(lab, "a", "b", python="3.9").key != one.key
    assert of(lab, "a", "b", python=f"3.{sys.version_info.minor}").key == one.key


def test_a_half_built_environment_is_built_again(lab: "Lab") -> None:
    environment = of(lab, wheel(lab.project.parent, "parcel"))
    (environment.folder / "bin").mkdir(parents=True)
    (environment.folder / "bin/python").write_text("half of an interpreter")
    assert not environment.complete
    build(environment, silent)
    command = [str(environment.python), "-c", "import parcel; print(parcel.VERSION)"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "1.0\n"


def test_a_build_that_was_killed_is_finished_by_the_next(lab: "Lab") -> None:
    environment = of(lab, wheel(lab.project.parent, "parcel"))
    code = (
        "import os, signal, sys; from pathlib import Path; from trainferry.specs import EnvironmentSpec;"
        "from trainferry_local.environments import build, environment_of;"
        "spec = EnvironmentSpec(pip=(sys.argv[1],));"
        "stop = lambda event: event.done == 1 and os.kill(os.getpid(), signal.SIGKILL);"
        "build(environment_of(spec, Path(sys.argv[2]), Path(sys.argv[3])), stop)"
    )
    arguments = [environment.packages[0], str(lab.site.cache), str(lab.project)]
    killed = subprocess.run([sys.executable, "-c", code, *arguments], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert environment.python.exists()
    build(environment, silent)
    assert Path(environment.folder, "trainferry-complete").exists()
    assert list((environment.folder / "lib").rglob("parcel.py"))


def test_ten_builders_at_once_build_once_and_all_succeed(lab: "Lab") -> None:
    environment = of(lab, wheel(lab.project.parent, "parcel"))
    code = (
        "import sys; from pathlib import Path; from trainferry.specs import EnvironmentSpec;"
        "from trainferry_local.environments import build, environment_of;"
        "spec = EnvironmentSpec(pip=(sys.argv[1],)); sys.stdin.readline();"
        "build(environment_of(spec, Path(sys.argv[2]), Path(sys.argv[3])), lambda event: print(event.message))"
    )
    arguments = [environment.packages[0], str(lab.site.cache), str(lab.project)]
    builders = [
        subprocess.Popen(
            [sys.executable, "-c", code, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(10)
    ]
    with ThreadPoolExecutor(10) as pool:
        said = [answer[0] for answer in pool.map(lambda builder: builder.communicate("go\n"), builders)]
    assert [builder.returncode for builder in builders] == [0] * 10
    assert sum("is ready" in text for text in said) == 1
    assert environment.complete
    assert environment.log.read_text().count("$ uv venv") == 1


def test_a_package_that_is_not_there_is_named_with_uvs_reason(lab: "Lab") -> None:
    environment = of(lab, "no-such-package-at-all==1.0", name="waste")
    with pytest.raises(BackendError) as caught:
        build(environment, silent)
    assert "the environment waste can't be built" in caught.value.message
    assert "no-such-package-at-all" in caught.value.message
    assert len(caught.value.message) < 1000
    assert str(environment.log) in caught.value.remedy
    assert "no-such-package-at-all" in environment.log.read_text()
    assert not environment.complete


def test_packages_that_exclude_each_other_are_named(lab: "Lab") -> None:
    folder = lab.project.parent / "wheels"
    wheel(folder, "ink", "1.0")
    paper = wheel(folder, "paper", "1.0", requires="ink>=2")
    with pytest.raises(BackendError, match="ink"):
        build(of(lab, paper), silent)


def test_an_unreadable_requirement_is_named(lab: "Lab") -> None:
    with pytest.raises(BackendError, match=r"parcel==="):
        build(of(lab, "parcel==="), silent)


def test_a_failed_build_submits_nothing(lab: "Lab") -> None:
    lab.write("pass")
    plan = lab.plan(environment={"pip": ["no-such-package-at-all"]})
    with pytest.raises(BackendError, match="no-such-package-at-all"):
        lab.apply(plan)
    assert lab.backend.find_runs() == []


def test_an_environment_that_was_deleted_before_the_submit_is_missed(lab: "Lab") -> None:
    lab.write("pass")
    plan = lab.plan(environment={"name": "gone"})
    lab.backend.apply(plan.actions[0], silent)
    (marker,) = lab.site.cache.glob("environments/*/trainferry-complete")
    marker.unlink()
    with pytest.raises(BackendError, match="the environment gone is not there any more"):
        lab.backend.apply(plan.actions[1], silent)


def test_a_build_reports_its_steps(lab: "Lab") -> None:
    events: list[Progress] = []
    build(of(lab, wheel(lab.project.parent, "parcel"), name="post"), events.append)
    assert [event.message for event in events] == [
        "building the environment post",
        "installing 1 package into post",
        "the environment post is ready",
    ]


@pytest.mark.slow
def test_a_real_package_comes_from_the_index(lab: "Lab", monkeypatch: pytest.MonkeyPatch) -> None:
    """Needs the network, or an index that is set up for uv."""
    for name in ("UV_OFFLINE", "UV_NO_INDEX"):
        monkeypatch.delenv(name)
    lab.write("import six; print(six.__version__)")
    assert lab.output(environment={"pip": ["six==1.17.0"]}) == "1.17.0\n"


def test_the_conda_part_is_warned_of_and_the_rest_runs(make_lab: "Callable[..., Lab]") -> None:
    lab = make_lab()
    lab.write("print('ran')")
    ref = lab.submit(environment={"conda": ["scipy"]})
    assert lab.wait(ref).state is RunState.COMPLETED
