"""Whether an environment can be made at all: its packages resolved for the target's Python and platform.

Nothing is installed. `uv pip compile` reads the index; for a package that is published as source only, its own build
script is asked for its dependencies, as pip does on the target.
"""

from trainferry.resolving.resolution import Package, Resolution
from trainferry.resolving.stage import resolve

__all__ = ["Package", "Resolution", "resolve"]
