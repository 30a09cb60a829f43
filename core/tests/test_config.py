"""Settings: every source, which one wins, and what bad ones say."""

import os
import tomllib
from pathlib import Path

import pytest

from trainferry.config import Config, load_config
from trainferry.errors import ConfigError


def origins(config: Config) -> dict[str, tuple[object, str]]:
    """Each value with the name of its source, without folders."""
    return {
        value.key: (value.value, Path(value.origin).name if "/" in value.origin else value.origin)
        for value in config.values()
    }


def test_each_source_beats_the_one_before(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own_home.mkdir()
    monkeypatch.setenv("TRAINFERRY_CONFIG", str(own_home / "config.toml"))
    (own_home / "config.toml").write_text('backend = "user"\n[backends.local]\nslots = 1\ngrace_seconds = 5\n')
    assert origins(load_config())["backend"] == ("user", "config.toml")
    Path("trainferry.toml").write_text(
        'backend = "project"\n[backends.local]\nslots = 2\n[profiles.gpu]\nbackend = "profile"\n'
    )
    assert load_config().backend == "project"
    assert load_config().backend_settings("local") == {"slots": 2, "grace_seconds": 5}
    assert load_config(profile="gpu").backend == "profile"
    monkeypatch.setenv("TRAINFERRY_BACKEND", "variable")
    assert load_config(profile="gpu").backend == "variable"
    found = load_config(profile="gpu", backend="flag", settings=["compute.size=big", "backends.local.slots=3"])
    assert origins(found)["backend"] == ("flag", "--on")
    assert origins(found)["job.compute.size"] == ("big", "--set compute.size")
    assert origins(found)["backends.local.slots"] == ("3", "--set backends.local.slots")
    assert origins(found)["backends.local.grace_seconds"] == (5, "config.toml")


def test_the_project_file_is_found_upwards_and_marks_the_project() -> None:
    Path("trainferry.toml").write_text('home = "state"\n')
    below = Path("a/b")
    below.mkdir(parents=True)
    config = load_config(below)
    assert config.project == Path.cwd()
    assert config.site().project == Path.cwd()


def test_a_folder_in_a_file_starts_at_that_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRAINFERRY_HOME")
    Path("trainferry.toml").write_text('home = "state"\n')
    Path("below").mkdir()
    assert load_config(Path("below")).site().home == Path.cwd() / "state"


def test_pyproject_holds_settings_too() -> None:
    Path("pyproject.toml").write_text('[project]\nname = "x"\n\n[tool.trainferry]\nbackend = "other"\n')
    assert load_config().backend == "other"
    Path("trainferry.toml").write_text('backend = "mine"\n')
    with pytest.raises(ConfigError, match=r"both trainferry\.toml and"):
        load_config()


def test_a_pyproject_without_our_table_is_not_ours() -> None:
    Path("pyproject.toml").write_text('[project]\nname = "x"\n')
    assert load_config().backend == "local"
    assert load_config().project is None


def test_a_git_folder_is_a_project_without_settings() -> None:
    Path(".git").mkdir()
    Path("sub").mkdir()
    assert load_config(Path("sub")).project == Path.cwd()


def test_the_profile_may_be_named_in_a_file_or_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("trainferry.toml").write_text('profile = "a"\n[profiles.a]\nbackend = "one"\n[profiles.b]\nbackend = "two"\n')
    assert load_config().backend == "one"
    monkeypatch.setenv("TRAINFERRY_PROFILE", "b")
    assert load_config().backend == "two"
    assert load_config(profile="a").backend == "one"


@pytest.mark.parametrize(
    ("text", "line", "message", "remedy"),
    [
        ('backnd = "local"\n', 1, "unknown setting 'backnd'", "did you mean 'backend'?"),
        ('\n\n[compute]\nsize = "x"\n', 3, "unknown setting 'compute'", "belongs below [job]: job.compute"),
        ("backend = 3\n", 1, "'backend' must be text", "found: 3"),
        ('# a\nextensions = "x"\n', 2, "'extensions' must be a list of names", "found: 'x'"),
        ("[backends]\nlocal = 1\n", 1, "'backends.local' must be a table", "write [backends.local]"),
        ("[profiles.gpu]\nbackends = 1\n", 2, "'profiles.gpu.backends' must be a table", "found: 1"),
        ("[profiles.gpu]\nfoo = 1\n", 2, "unknown setting 'profiles.gpu.foo'", "settings: backend"),
    ],
)
def test_a_bad_file_is_named_with_line_and_remedy(text: str, line: int, message: str, remedy: str) -> None:
    Path("trainferry.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_config()
    assert message in caught.value.message
    assert remedy in caught.value.remedy
    assert caught.value.where is not None
    assert (Path(caught.value.where.file).name, caught.value.where.line) == ("trainferry.toml", line)


@pytest.mark.parametrize("content", [b"backend = \n", b"\xff\xfe", b'backend = "a"\nbackend = "b"\n'])
def test_a_file_that_is_no_toml_is_named(content: bytes) -> None:
    Path("trainferry.toml").write_bytes(content)
    with pytest.raises(ConfigError, match=r"trainferry\.toml"):
        load_config()


@pytest.mark.parametrize("name", ["gone.toml", "~/gone.toml"])
def test_a_user_file_that_was_named_must_be_there(name: str, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINFERRY_CONFIG", name)
    with pytest.raises(ConfigError) as caught:
        load_config()
    expected = (own_home if name.startswith("~") else Path.cwd()) / "gone.toml"
    said = str(caught.value)
    assert said.startswith(f"TRAINFERRY_CONFIG: there is no file {expected}\n")
    assert "unset TRAINFERRY_CONFIG" in said
    for none in ("", os.devnull):
        monkeypatch.setenv("TRAINFERRY_CONFIG", none)
        assert [layer.origin for layer in load_config().layers][:2] == ["default", "TRAINFERRY_CACHE"]


def test_an_unknown_profile_lists_those_there_are() -> None:
    Path("trainferry.toml").write_text("[profiles.gpu]\n[profiles.cpu]\n")
    with pytest.raises(ConfigError) as caught:
        load_config(profile="gpv")
    assert "profiles: cpu, gpu" in caught.value.remedy


def test_a_mistyped_variable_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINFERRY_BACKNED", "azureml")
    assert "TRAINFERRY_BACKNED" in load_config().warnings[0]


@pytest.mark.parametrize("flag", ["compute.size", "=x", ".a=1"])
def test_a_malformed_set_flag_shows_how(flag: str) -> None:
    with pytest.raises(ConfigError, match="KEY=VALUE"):
        load_config(settings=[flag])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3.10", "3.10"),
        ("4", "4"),
        ("true", True),
        ('["a", "b"]', ["a", "b"]),
        ('"7"', "7"),
        ("[a", "[a"),
        ("x=y", "x=y"),
        ("", ""),
    ],
)
def test_flag_texts_become_values(text: str, value: object) -> None:
    (found,) = (one.value for one in load_config(settings=[f"tags={text}"]).values() if one.key == "job.tags")
    assert found == value


def test_variables_reach_tables_and_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINFERRY_BACKENDS__LOCAL__SLOTS", "7")
    monkeypatch.setenv("TRAINFERRY_EXTENSIONS", "bell, guard")
    config = load_config()
    assert config.backend_settings("local") == {"slots": "7"}
    assert config.extensions == ("bell", "guard")


def test_every_example_in_the_documentation_of_keys_is_toml() -> None:
    """The keys that messages list are those that a TOML file may hold."""
    from trainferry.config.keys import KEYS

    assert tomllib.loads("\n".join(f"{key} = 1" for key in KEYS)).keys() == KEYS.keys()
