"""`convert IN [KIND:]OUT` of ImageMagick, as far as the corpus needs it: stores a picture as another kind."""

import sys
from pathlib import Path

_MODES = {"jpg": "JPEG", "tif": "TIFF"}


def main(arguments: list[str]) -> int:
    """Convert the first file to the last; options in between are not known and passed over."""
    from PIL import Image  # noqa: PLC0415

    files = [item for item in arguments if not item.startswith("-")]
    if len(files) < 2:  # noqa: PLR2004
        return 1
    source, target = files[0], files[-1]
    kind, colon, name = target.partition(":")
    if not colon:
        kind, name = Path(target).suffix.lstrip("."), target
    kind = _MODES.get(kind.lower(), kind.upper())
    with Image.open(source.rpartition(":")[2]) as image:
        image.convert("CMYK" if "CMYK" in " ".join(arguments).upper() else "RGB").save(name, kind)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
