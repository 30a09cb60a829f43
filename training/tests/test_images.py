"""Finding, reading and batching images."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import images
from images import Split, UnusableData, batches, decode, find_splits, read_all

Make = Callable[..., Path]


def test_find_splits_sorts_by_class_and_name(tmp_path: Path, make_images: Make) -> None:
    make_images(tmp_path / "train", paper=2, glass=3)
    make_images(tmp_path / "validation", glass=1, paper=1)
    train, validation = find_splits(tmp_path)
    assert train.classes == validation.classes == ["glass", "paper"]
    assert [path.name for path in train.files] == ["glass0.jpg", "glass1.jpg", "glass2.jpg", "paper0.jpg", "paper1.jpg"]
    assert train.labels == [0, 0, 0, 1, 1]
    assert str(train) == "5 images of 2 classes: glass 3, paper 2"


def test_find_splits_leaves_out_hidden_folders_and_other_files(tmp_path: Path, make_images: Make) -> None:
    for part in ("train", "validation"):
        make_images(tmp_path / part, glass=1, paper=1)
        (tmp_path / part / ".cache").mkdir()
        (tmp_path / part / "glass/notes.txt").write_text("not an image")
        (tmp_path / part / "list.csv").write_text("nor this")
    assert str(find_splits(tmp_path)[0]) == "2 images of 2 classes: glass 1, paper 1"


@pytest.mark.parametrize(
    ("train", "validation", "message"),
    [
        (None, None, "the data folder {data} is not there; check --data-path"),
        ({}, None, "{data}/train is not there; the data folder needs train/ and validation/ (see prepare_data.py)"),
        ({"glass": 1}, {}, "{data}/train holds only the class folder glass; it needs a folder of images for each"),
        ({"glass": 0, "paper": 1}, {}, "{data}/train/glass holds no image (.jpg, .jpeg, .png); fill the folder or"),
        ({"glass": 1, "paper": 1}, {}, "{data}/validation is not there"),
        (
            {"glass": 1, "paper": 1},
            {"glass": 1, "metal": 1, "paper": 1},
            "class metal is in {data}/validation but not in {data}/train; both need the same classes",
        ),
        (
            {"glass": 1, "metal": 1, "paper": 1},
            {"glass": 1, "paper": 1},
            "class metal is in {data}/train but not in {data}/validation; both need the same classes",
        ),
    ],
)
def test_find_splits_says_what_is_wrong(
    tmp_path: Path,
    make_images: Make,
    train: dict[str, int] | None,
    validation: dict[str, int] | None,
    message: str,
) -> None:
    data = tmp_path / "data"
    if train is not None:
        data.mkdir()
        make_images(data / "train", **train)
    make_images(data / "validation", **(validation or {}))
    with pytest.raises(UnusableData) as problem:
        find_splits(data)
    assert message.format(data=data) in str(problem.value)


def test_find_splits_on_a_folder_without_class_folders(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    with pytest.raises(UnusableData, match="train holds no class folders"):
        find_splits(tmp_path)


def test_decode_gives_the_pixels_of_pillow(sample: Path) -> None:
    """The tutorial's ImageDataGenerator reads with Pillow and resizes to the nearest pixel."""
    for path in sorted(sample.glob("train/*/*.jpg"))[::8]:
        with Image.open(path) as image:
            expected = np.asarray(image.convert("RGB").resize((256, 256), Image.Resampling.NEAREST))
        np.testing.assert_array_equal(decode(str(path), 256).numpy(), expected)


def test_decode_reads_png_grey_and_transparent_images(tmp_path: Path) -> None:
    Image.new("L", (8, 8), 200).save(tmp_path / "grey.jpg")
    Image.new("RGBA", (8, 8), (10, 20, 30, 255)).save(tmp_path / "clear.png")
    assert decode(str(tmp_path / "grey.jpg"), 4).numpy()[0, 0].tolist() == [200, 200, 200]
    assert decode(str(tmp_path / "clear.png"), 4).numpy()[0, 0].tolist() == [10, 20, 30]


@pytest.mark.parametrize("keep", [True, False])
def test_a_damaged_image_is_named_before_training(tmp_path: Path, make_images: Make, keep: bool) -> None:
    make_images(tmp_path / "train", glass=4, paper=4)
    make_images(tmp_path / "validation", glass=1, paper=1)
    whole = (tmp_path / "train/glass/glass0.jpg").read_bytes()
    (tmp_path / "train/glass/glass2.jpg").write_bytes(b"")
    (tmp_path / "train/paper/paper1.jpg").write_bytes(whole[:-20])
    (tmp_path / "train/paper/paper2.jpg").write_text("no image at all")
    Image.new("RGB", (8, 8)).save(tmp_path / "train/paper/paper3.jpg", "WEBP")
    with pytest.raises(UnusableData) as problem:
        read_all(find_splits(tmp_path)[0], 8, keep=keep)
    assert str(problem.value) == (
        f"can't read {tmp_path}/train/glass/glass2.jpg (empty), {tmp_path}/train/paper/paper1.jpg (damaged), "
        f"{tmp_path}/train/paper/paper2.jpg (no image, or only its beginning), "
        f"{tmp_path}/train/paper/paper3.jpg (a WEBP file): replace the damaged image or delete it, then start again"
    )


def test_of_many_damaged_images_five_are_named(tmp_path: Path, make_images: Make) -> None:
    train = make_images(tmp_path, glass=8, paper=1)
    for path in train.glob("glass/*"):
        path.write_bytes(b"")
    with pytest.raises(UnusableData, match=r"glass4\.jpg \(empty\) and 3 more: replace"):
        read_all(images.find_split(tmp_path), 8, keep=True)


def small_split(tmp_path: Path, make_images: Make) -> Split:
    return images.find_split(make_images(tmp_path, glass=5, metal=5, paper=5))


def epochs_of(split: Split, *, keep: bool, seed: int | None, epochs: int = 2) -> list[list[list[float]]]:
    """For each epoch, its images in order, each as its first pixel and its one-hot label."""
    data = batches(split, read_all(split, 8, keep=keep), size=8, batch_size=4, seed=seed)
    return [
        [
            [*pixels[0, 0].tolist(), *label.tolist()]
            for x, y in data
            for pixels, label in zip(x.numpy(), y.numpy(), strict=True)
        ]
        for _ in range(epochs)
    ]


def test_batches_hold_every_image_once_scaled_and_labelled(tmp_path: Path, make_images: Make) -> None:
    split = small_split(tmp_path, make_images)
    (rows,) = epochs_of(split, keep=True, seed=None, epochs=1)
    for path, label, row in zip(split.files, split.labels, rows, strict=True):
        with Image.open(path) as image:
            pixel = np.asarray(image)[1, 1].astype(np.float32) * np.float32(1 / 255)
        assert row == [*pixel.tolist(), *np.eye(3)[label].tolist()]


def test_without_memory_for_them_the_images_and_their_order_are_the_same(tmp_path: Path, make_images: Make) -> None:
    split = small_split(tmp_path, make_images)
    assert epochs_of(split, keep=True, seed=3) == epochs_of(split, keep=False, seed=3)


def test_a_seed_gives_each_epoch_an_order_of_its_own_and_the_same_again(tmp_path: Path, make_images: Make) -> None:
    split = small_split(tmp_path, make_images)
    first, second = epochs_of(split, keep=True, seed=3)
    assert first != second
    assert sorted(first) == sorted(second)
    assert [first, second] == epochs_of(split, keep=True, seed=3)
    assert first != epochs_of(split, keep=True, seed=4)[0]


def test_memory_is_a_plausible_number_of_mebibytes() -> None:
    assert 64 < images.memory_mib() < 2**24
