"""Each backend of this repository is tested with the kit, in a module of this folder: test_conformance_NAME.py."""

import tomllib
from pathlib import Path


def test_every_backend_passes_the_kit(root: Path) -> None:
    """What such a module looks like is in test_conformance_local.py; a backend that needs a server starts it there."""
    for file in sorted(root.glob("backends/*/pyproject.toml")):
        project = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
        for name in project["entry-points"]["trainferry.backends"]:
            module = Path(__file__).with_name(f"test_conformance_{name.replace('-', '_')}.py")
            assert module.is_file(), f"{name} is not tested with the conformance kit: write {module.relative_to(root)}"
            assert "from trainferry.testing.suite import *" in module.read_text(encoding="utf-8")
