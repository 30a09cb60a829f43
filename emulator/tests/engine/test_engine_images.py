"""Images: environments built by uv from what was registered."""

import threading
from typing import TYPE_CHECKING, Any

import pytest

from azureml_emulator.engine.contract import ImageState, Status
from azureml_emulator.engine.definition import read_definition
from azureml_emulator.engine.engine import Engine
from azureml_emulator.engine.layout import BUILD_LOG

if TYPE_CHECKING:
    from pathlib import Path

    from emulator.tests.engine.conftest import Workshop


def environment(*pip: str, **more: Any) -> dict[str, Any]:
    """A definition with such packages."""
    conda = {"dependencies": ["python=3.11", "scipy", {"pip": list(pip)}], "channels": ["conda-forge"]}
    return {"name": "env", "python": {"condaDependencies": conda}, "docker": {"baseImage": "image:1"}, **more}


@pytest.fixture
def fresh(workshop: "Workshop", tmp_path: "Path") -> "Workshop":
    """A workshop whose images are not built yet."""
    workshop.engine.close()
    workshop.cache = tmp_path / "cache"
    workshop.new_engine().start()
    return workshop


def test_packages_are_there_and_their_build_is_in_the_log(fresh: "Workshop", package: str) -> None:
    state = fresh.run("import tiny; print(tiny.WHO)", environment=environment(package))
    assert state.status is Status.COMPLETED, state
    assert fresh.log(state.run_id) == "a tiny package\n"
    log = fresh.log(state.run_id, BUILD_LOG)
    assert "Conda packages are recorded, not installed: scipy" in log
    assert "The base image is recorded, not run: image:1" in log
    assert "tiny" in log
    assert log.endswith("Image is ready\n")
    again = fresh.run("import tiny", environment=environment(package, environmentVariables={"A": "1"}))
    assert again.status is Status.COMPLETED
    assert BUILD_LOG not in fresh.ears.logs[again.run_id], "the image was there"


def test_a_failing_build_shows_the_resolver_s_own_error(workshop: "Workshop", package: str) -> None:
    state = workshop.run(environment=environment(package, "tiny==99"))
    assert state.status is Status.FAILED
    assert state.error is not None
    assert (state.error.code, state.error.kind, state.error.log) == ("UserError", "ImageBuildFailure", BUILD_LOG)
    assert "tiny==99" in state.error.message
    assert "tiny==99" in workshop.log(state.run_id, BUILD_LOG)


def test_a_build_that_is_made_to_fail(workshop: "Workshop") -> None:
    assert workshop.engine.images.build({}).state is ImageState.READY
    workshop.engine.faults.fail_builds("apt-get: no space left", times=1)
    state = workshop.run()
    assert state.status is Status.FAILED
    assert state.error is not None
    assert "apt-get: no space left" in state.error.message
    assert "apt-get: no space left" in workshop.log(state.run_id, BUILD_LOG)
    assert workshop.run().status is Status.COMPLETED, "once"


def test_a_failure_can_be_meant_for_one_image(workshop: "Workshop", package: str) -> None:
    meant = workshop.engine.images.find(environment(package))
    workshop.engine.faults.fail_builds("not this one", key=meant.key)
    assert workshop.run().status is Status.COMPLETED
    state = workshop.run(environment=environment(package))
    assert state.error is not None
    assert "not this one" in state.error.message


def test_many_who_want_the_same_image_get_one_build(tmp_path: "Path", fresh: "Workshop", package: str) -> None:
    wanted = environment(package)
    other = Engine(tmp_path / "other", fresh.cache, fresh.storage, fresh.ears)
    engines = [fresh.engine, other] * 3
    images = []
    threads = [threading.Thread(target=lambda e=e: images.append(e.images.build(wanted))) for e in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [image.state for image in images] == [ImageState.READY] * 6
    assert len({image.key for image in images}) == 1
    assert images[0].log.read_text().count("Image is ready") == 1
    assert fresh.engine.images.find(wanted).state is ImageState.READY


def test_half_an_image_is_built_anew(fresh: "Workshop", package: str) -> None:
    wanted = environment(package, "tiny")
    image = fresh.engine.images.find(wanted)
    assert image.state is ImageState.ABSENT
    left = fresh.engine.images.python(image)
    left.parent.mkdir(parents=True)
    left.write_text("half")
    assert fresh.engine.images.build(wanted).state is ImageState.READY
    assert left.resolve().stat().st_size > 10_000


def test_the_emulator_s_end_ends_a_build(workshop: "Workshop") -> None:
    wanted = environment("tiny @ http://127.0.0.1:9/never.whl")
    build = workshop.engine.images.request(wanted)
    workshop.engine.close()
    assert build.done
    assert build.image.state is ImageState.FAILED


def test_what_the_sdk_writes_into_each_environment() -> None:
    """`CondaDependencies.create` pins a Python and adds an index line that names what uv asks anyway."""
    pip = ["--extra-index-url https://pypi.python.org/simple", "azureml-defaults", "numpy>=1"]
    conda = {"name": "project_environment", "dependencies": ["python=3.10.18", {"pip": pip}], "channels": ["anaconda"]}
    found = read_definition({"python": {"condaDependencies": conda}, "environmentVariables": {"EXAMPLE_ENV_VAR": "X"}})
    assert found.python == "3.10"
    assert found.requirements == ("azureml-defaults", "numpy>=1")
    assert found.variables == {"EXAMPLE_ENV_VAR": "X"}


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"python": "3.11"}, "python is not a table"),
        ({"python": {"condaDependencies": {"dependencies": "numpy"}}}, "dependencies is not a list"),
    ],
)
def test_a_definition_that_makes_no_sense(workshop: "Workshop", wanted: dict[str, Any], words: str) -> None:
    state = workshop.run(environment=wanted)
    assert state.error is not None
    assert (state.error.kind, state.error.code) == ("InvalidEnvironment", "UserError")
    assert words in state.error.message


def test_a_python_that_is_not_on_this_machine() -> None:
    from azureml_emulator.engine.interpreters import interpreter  # noqa: PLC0415

    path, note = interpreter("3.99")
    assert path.exists()
    assert note.startswith("Python 3.99 isn't on this machine; Python 3.")
