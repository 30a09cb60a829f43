"""The checks of what lies in a dataset, on real files: broken ones are named, odd but good ones pass."""

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trainferry import Finding
from trainferry.checks.pictures import kind_of, verdict
from trainferry.checks.scan import scan

Look = Callable[..., list[Finding]]
JPEG = b"\xff\xd8\xff\xe0 a picture \xff\xda of nothing \xff\xd9"
PNG = b"\x89PNG\r\n\x1a\n something \x00\x00\x00\x00IEND\xaeB`\x82"
LOADER = (
    "import argparse, keras\np = argparse.ArgumentParser(); p.add_argument('--data')\n"
    "keras.utils.image_dataset_from_directory(p.parse_args().data)\n"
)


def ids(found: list[Finding]) -> list[str]:
    """The rules of what was found, but for those of every job."""
    return [f.id for f in found if f.severity != "note"]


@pytest.mark.parametrize(
    ("name", "content", "rule", "severity"),
    [
        ("cat/0.jpg", b"<html>404</html>", "file-broken", "error"),
        ("cat/0.jpg", JPEG[:20], "file-cut", "error"),
        ("cat/0.jpg", b"", "file-empty", "error"),
        ("cat/0.jpg", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "file-pointer", "error"),
        ("cat/0.jpg", b"BM" + (70).to_bytes(4, "little") + b"\0" * 64, "picture-kind", "warning"),
        ("cat/0.jpg", PNG, "picture-kind", "warning"),
        ("cat/0.png", PNG[:-12], "file-cut", "error"),
        ("cat/._0.jpg", b"\0\5\26\7 Mac OS X", "file-broken", "error"),
        ("cat/0.webp", b"RIFF\x40\0\0\0WEBPVP8 " + b"\0" * 10, "file-cut", "error"),
        ("a.npy", b"hello", "file-broken", "error"),
        ("a.csv", b"", "file-empty-text", "warning"),
        ("a.csv", b"a;b\n\xe9;1\n", "text-coding", "warning"),
        ("a.zip", b"not a zip", "file-broken", "error"),
    ],
)
def test_a_bad_file_is_named(look: Look, name: str, content: bytes, rule: str, severity: str) -> None:
    found = [f for f in look(files={f"data/{name}": content}) if f.id == rule]
    assert [f.severity for f in found] == [severity]
    assert name in found[0].message
    assert found[0].line is None or found[0].file


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cat/.DS_Store", b""),
        ("cat/Thumbs.db", b""),
        ("cat/readme.txt", b"hi"),
        ("labels.csv", "a,é\n1,2\n".encode()),
        ("cat/0.JPG", JPEG),
        ("cat/0.jpeg", JPEG + b"\0" * 200),
        ("cat/0.jpg", JPEG + b"what a camera writes behind its pictures"),
        ("cat/1 star é.jpg", JPEG),
        ("cat/0.png", PNG),
        ("notes.md", b""),
        ("a.npy", b"\x93NUMPY and so on"),
        ("__MACOSX/._0.jpg", b"junk"),
    ],
)
def test_an_odd_but_good_file_passes(look: Look, name: str, content: bytes) -> None:
    assert ids(look(LOADER, files={f"data/{name}": content})) == []


def test_a_script_that_passes_over_bad_pictures_is_not_stopped_by_them(look: Look) -> None:
    script = "from PIL import Image\ntry:\n    Image.open('outputs/x').load()\nexcept OSError:\n    pass\n"
    (finding,) = [f for f in look(script, files={"data/cat/0.jpg": b"x"}) if f.id == "file-broken"]
    assert (finding.severity, finding.confidence) == ("warning", "possible")


def test_many_bad_files_make_one_finding(look: Look) -> None:
    (finding,) = [f for f in look(files={f"data/cat/{n}.jpg": b"" for n in range(20, 40)}) if f.id == "file-empty"]
    assert "20 files are without a byte" in finding.message
    assert "and 15 more" in finding.message


@pytest.mark.parametrize(
    ("files", "rule"),
    [
        ({"data/train/a/1.jpg": JPEG, "data/val/a/1.jpg": JPEG, "data/train/b/1.jpg": JPEG}, "classes-differ"),
        ({"data/Cat/2.jpg": JPEG}, "class-case"),
        ({"data/cat/2.webp": b"RIFF\x08\0\0\0WEBPxxxx"}, "picture-passed-over"),
    ],
)
def test_folders_of_classes(look: Look, files: dict[str, bytes], rule: str) -> None:
    assert rule in ids(look(LOADER, files=files))


def test_an_empty_class_is_named(look: Look, tmp_path: Path) -> None:
    (tmp_path / "project" / "data" / "fish").mkdir(parents=True)
    (finding,) = [f for f in look() if f.id == "class-empty"]
    assert "fish" in finding.message


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ({"train/a/1.jpg": JPEG, "train/b/1.jpg": JPEG}, "classes-nested"),
        ({"images.zip": b"PK\3\4"}, "pictures-missing"),
        ({"a/1.jpg": JPEG}, None),
    ],
)
def test_what_a_loader_is_given(look: Look, inside: dict[str, bytes], expected: str | None) -> None:
    files = {f"other/{name}": content for name, content in inside.items()}
    found = ids(look(LOADER, files=files, datasets={"data": {"path": "other"}}))
    assert found == ([expected] if expected else [])


def test_a_dataset_that_is_one_file_is_looked_at(look: Look) -> None:
    found = look(files={"one.npy": b"nonsense"}, datasets={"data": {"path": "one.npy"}})
    assert "file-broken" in ids(found)


def test_the_second_look_opens_nothing(tmp_path: Path) -> None:
    data, cache = tmp_path / "data", tmp_path / "cache"
    for name in ("a", "b"):
        (data / name).mkdir(parents=True)
        for number in range(30):
            (data / name / f"{number}.jpg").write_bytes(JPEG if number else b"x")
    first, second = scan(data, cache), scan(data, cache)
    assert (first.read, second.read) == (60, 0)
    assert first.verdicts == second.verdicts
    assert set(first.verdicts) == {"a/0.jpg", "b/0.jpg"}
    (data / "a" / "0.jpg").write_bytes(JPEG)
    os.utime(data / "a" / "0.jpg", ns=(1, 1))
    third = scan(data, cache)
    assert (third.read, set(third.verdicts)) == (1, {"b/0.jpg"})


@pytest.mark.parametrize("content", ["", "{}", '{"version": 2}', '{"version": 2, "files": 3}', "\0"])
def test_a_spoilt_memory_is_forgotten(tmp_path: Path, content: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.jpg").write_bytes(JPEG)
    scan(tmp_path / "data", tmp_path / "cache")
    (memory,) = (tmp_path / "cache" / "checks").iterdir()
    memory.write_text(content)
    assert scan(tmp_path / "data", tmp_path / "cache").read == 1


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF"])
def test_whole_pictures_pass_and_cut_ones_do_not(tmp_path: Path, form: str) -> None:
    image = pytest.importorskip("PIL.Image")
    buffer = io.BytesIO()
    image.effect_noise((64, 64), 60).convert("RGB").save(buffer, form)
    content = buffer.getvalue()
    ending = {"JPEG": ".jpg", "WEBP": ".webp", "TIFF": ".tif"}.get(form, f".{form.lower()}")
    path = tmp_path / f"a{ending}"
    path.write_bytes(content)
    assert verdict(str(path), len(content)) == ""
    if form != "TIFF":  # which may lie in its file in any order
        path.write_bytes(content[: len(content) // 2])
        assert verdict(str(path), len(content) // 2) == "cut"


def test_a_gif_is_cut_wherever_it_is_cut_and_whole_with_anything_behind_it(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    buffer = io.BytesIO()
    frames = [image.effect_noise((12, 12), 200).convert("RGB") for _ in range(3)]
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], comment=b";;;;")
    content = buffer.getvalue()
    path = tmp_path / "a.gif"
    for end in range(64, len(content)):
        path.write_bytes(content[:end])
        assert verdict(str(path), end) == "cut", f"the first {end} of {len(content)} bytes"
    path.write_bytes(content + bytes(5000))
    assert verdict(str(path), len(content) + 5000) == ""


@pytest.mark.parametrize("options", [{"progressive": True}, {"quality": 1}, {"exif": b"Exif\0\0 nothing"}])
def test_jpegs_of_every_kind_pass(tmp_path: Path, options: dict[str, object]) -> None:
    image = pytest.importorskip("PIL.Image")
    for mode, said in (("RGB", ""), ("L", ""), ("CMYK", "printed")):
        path = tmp_path / "a.jpg"
        image.effect_noise((40, 40), 60).convert(mode).save(path, "JPEG", **options)
        assert verdict(str(path), path.stat().st_size) == said


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(min_size=1, max_size=200), st.sampled_from([".jpg", ".png", ".gif", ".bmp", ".webp", ".npy", ".csv"]))
def test_any_bytes_get_a_verdict(tmp_path: Path, content: bytes, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    path.write_bytes(content)
    word = verdict(str(path), len(content)).partition(" ")[0]
    assert word in ("", "broken", "cut", "is", "coded", "pointer")
    assert (kind_of(content) is None) == (word in ("broken", "pointer")) or ending in (".npy", ".csv")
