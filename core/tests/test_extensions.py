"""Extensions through a whole session: their settings, and what they hear of runs."""

from collections.abc import Callable
from pathlib import Path

import pytest

from trainferry import Ferry, Job
from trainferry.config import load_config
from trainferry.errors import BackendError, ConfigError

Install = Callable[..., Path]

BELL = """
from pathlib import Path
from pydantic import BaseModel, ConfigDict, Field
from trainferry.hookspecs import hookimpl
from trainferry.specs import Finding


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    file: Path = Field(description="where to write")


class Bell:
    interface_version = 1

    @hookimpl
    def settings_model(self):
        return Settings

    @hookimpl
    def configure(self, settings, site):
        self.file = settings.file
        return True

    @hookimpl
    def diagnose(self):
        yield Finding(id="bell", severity="note", message=f"the bell writes to {self.file}")

    @hookimpl
    def run_changed(self, run, old, new):
        with self.file.open("a") as stream:
            stream.write(f"{old} {new}\\n")


class Watch:
    interface_version = 1

    @hookimpl(wrapper=True)
    def configure(self, settings):
        Path("watched").write_text(type(settings).__module__)
        return (yield)
"""
SETTINGS = ['extensions=["bell"]', "extension_settings.bell.file=heard"]


def job() -> Job:
    """A job in the working folder."""
    return Job(name="j", script="train.py", timeout=3600)


@pytest.fixture
def bell(shelf: Path, install: Install) -> Path:
    """The extensions are installed beside the test backend; the file that the bell writes to."""
    install("bells", code=BELL, group="trainferry.extensions", bell="bells_ext:Bell", watch="bells_ext:Watch")
    return shelf / "heard"


def test_an_extension_gets_its_settings_and_hears_each_end_once(bell: Path) -> None:
    with Ferry(load_config(settings=SETTINGS)) as ferry:
        run = ferry.run(job()).wait(30)
        ferry.runs()
        assert ferry.get(run.id).refresh().state == "completed"
    assert bell.read_text().splitlines() == ["preparing queued", "queued completed"]


def test_a_submit_that_failed_is_heard(bell: Path) -> None:
    with (
        Ferry(load_config(settings=[*SETTINGS, "backends.shelf.fail_at=submit"])) as ferry,
        pytest.raises(BackendError, match="the shelf broke"),
    ):
        ferry.run(job())
    assert bell.read_text().splitlines() == ["preparing failed"]


def test_an_extension_may_diagnose(bell: Path) -> None:
    with Ferry(load_config(settings=SETTINGS)) as ferry:
        assert [found.message for found in ferry.backend().diagnose()] == ["the bell writes to heard"]


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("extension_settings.bell.fill=x", r"extension_settings\.bell\.fill"),
        ("extension_settings.watch.file=x", "the extension 'watch' has no settings, but got: file"),
    ],
)
def test_settings_that_an_extension_does_not_have_are_refused(bell: Path, setting: str, words: str) -> None:
    settings = ['extensions=["bell", "watch"]', "extension_settings.bell.file=heard", setting]
    with Ferry(load_config(settings=settings)) as ferry, pytest.raises(ConfigError, match=words):
        ferry.backend()


def test_settings_of_an_extension_must_be_a_table(bell: Path) -> None:
    with pytest.raises(ConfigError, match=r"'extension_settings\.bell' must be a table"):
        load_config(settings=["extension_settings.bell=loud"])


def test_an_extension_may_wrap_how_the_backend_is_configured_but_not_another_extension(bell: Path) -> None:
    with Ferry(load_config(settings=['extensions=["bell", "watch"]', *SETTINGS[1:]])) as ferry:
        ferry.backend()
    assert Path("watched").read_text() == "shelf_backend"


def test_settings_come_from_the_project_file_too(bell: Path) -> None:
    Path("trainferry.toml").write_text('extensions = ["bell"]\n\n[extension_settings.bell]\nfile = "there"\n')
    with Ferry() as ferry:
        ferry.run(job()).wait(30)
    assert Path("there").exists()
