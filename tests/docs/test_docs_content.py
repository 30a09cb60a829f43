"""What the pages show must hold: their links lead somewhere, their job files load, their settings parse."""

import tomllib
from pathlib import Path

import pytest

from markdown_pages import Page, pages
from trainferry import Job

ROOT = Path(__file__).resolve().parents[2]
PAGES = [pytest.param(page, id=page.name) for page in pages(ROOT)]


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_to_a_file(page: Page) -> None:
    assert [link for link in page.links if not (page.file.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_job_file_loads(page: Page, tmp_path: Path) -> None:
    for text in page.job_files:
        file = tmp_path / "job.yaml"
        file.write_text(text, encoding="utf-8")
        assert Job.load(file).script


def test_the_guide_to_a_backend_shows_the_modules_that_the_kit_is_tried_on() -> None:
    """They are varied by mistakes there, and read by people here."""
    (page,) = (page for page in pages(ROOT) if page.name == "docs/how-to/write-a-backend.md")
    shown = {Path(block.markers["file"]).name: block.text for block in page.blocks if "file" in block.markers}
    folder = ROOT / "tests" / "conformance" / "planted"
    assert shown == {name: (folder / name).read_text(encoding="utf-8") for name in shown}
    assert len(shown) > 1


@pytest.mark.parametrize("page", PAGES)
def test_every_settings_file_parses(page: Page) -> None:
    for block in page.blocks:
        if block.language == "toml":
            assert tomllib.loads(block.text), f"{page.name}:{block.line}"
