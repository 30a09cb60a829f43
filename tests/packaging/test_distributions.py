"""What each pyproject.toml says of its siblings must hold: uv doesn't compare bounds between siblings, pip does."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

Projects = dict[str, tuple[Path, dict[str, Any]]]


@pytest.fixture(scope="module")
def projects(root: Path) -> Projects:
    """Folder and parsed pyproject.toml of every distribution, by its name."""
    files = [root / folder / "pyproject.toml" for folder in (".", "core", "emulator")]
    files += [file for kind in ("backends", "extensions") for file in sorted(root.glob(f"{kind}/*/pyproject.toml"))]
    parsed = [(file.parent, tomllib.loads(file.read_text(encoding="utf-8"))) for file in files]
    return {content["project"]["name"]: (folder, content) for folder, content in parsed}


def requirements(project: dict[str, Any]) -> list[Requirement]:
    """All requirements of a distribution, those of its extras included."""
    extras = project.get("optional-dependencies", {})
    return [
        Requirement(text)
        for text in [*project.get("dependencies", []), *(one for some in extras.values() for one in some)]
    ]


def test_each_sibling_accepts_the_version_that_the_other_has(projects: Projects) -> None:
    checked = []
    for name, (_, content) in projects.items():
        for needed in requirements(content["project"]):
            if needed.name in projects:
                version = projects[needed.name][1]["project"]["version"]
                assert needed.specifier.contains(version), f"{name} wants {needed}, but {needed.name} is {version}"
                assert needed.extras <= projects[needed.name][1]["project"].get("optional-dependencies", {}).keys()
                checked.append(needed)
    assert checked


def test_every_requirement_has_a_lower_and_an_upper_bound(projects: Projects) -> None:
    loose = [
        f"{name}: {needed}"
        for name, (_, content) in projects.items()
        for needed in requirements(content["project"])
        if not bounded(needed.specifier)
    ]
    assert loose == []


def bounded(specifier: SpecifierSet) -> bool:
    """Tell whether versions are bounded on both sides."""
    operators = {one.operator for one in specifier}
    return "==" in operators or ("<" in operators and bool(operators & {">=", ">"}))


def test_the_umbrella_pins_what_it_is_made_of(projects: Projects) -> None:
    """`pip install trainferry==X` must mean one set of files."""
    for needed in requirements(projects["trainferry"][1]["project"]):
        assert [one.operator for one in needed.specifier] == ["=="], needed


def test_all_carry_one_version(projects: Projects) -> None:
    """They are released together, and the changelog is about all of them."""
    versions = {name: content["project"]["version"] for name, (_, content) in projects.items()}
    versions["the changelog"] = projects["trainferry"][1]["tool"]["towncrier"]["version"]
    assert len(set(versions.values())) == 1, versions


def test_all_say_the_same_about_python_and_licence(root: Path, projects: Projects) -> None:
    """The licence travels inside each wheel, so each folder has its copy."""
    licence = (root / "LICENSE").read_text(encoding="utf-8")
    for name, (folder, content) in projects.items():
        project = content["project"]
        assert project["requires-python"] == ">=3.11", name
        assert project["license"] == "MIT", name
        assert (folder / "LICENSE").read_text(encoding="utf-8") == licence, name
        assert "Typing :: Typed" in project["classifiers"], name
        assert len((folder / project["readme"]).read_text(encoding="utf-8").splitlines()) > 1, (
            f"{name}: an empty README"
        )


def test_mypy_knows_every_source_folder(root: Path, projects: Projects) -> None:
    folders = {str((folder / "src").relative_to(root)) for folder, _ in projects.values() if (folder / "src").is_dir()}
    assert folders <= set(projects["trainferry"][1]["tool"]["mypy"]["mypy_path"])


def test_each_backend_is_found_by_entry_point_and_has_tests(projects: Projects) -> None:
    """A first-party backend is packaged as a stranger's would be."""
    for name, (folder, content) in projects.items():
        if folder.parent.name == "backends":
            targets = content["project"]["entry-points"]["trainferry.backends"].values()
            for target in targets:
                module = target.partition(":")[0].replace(".", "/")
                assert (folder / "src" / f"{module}.py").is_file() or (
                    folder / "src" / module / "__init__.py"
                ).is_file(), name
            assert list((folder / "tests").glob("test_*.py")), name
