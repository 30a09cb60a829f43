"""Writes the pages of docs/reference/ that say what the code says: python docs/generate.py, or `make docs`.

With --check nothing is written; a page that differs from the code is named and the exit code is 1.
"""

import sys
from collections.abc import Callable
from difflib import unified_diff
from pathlib import Path

from reference_capabilities import capabilities_page
from reference_cli import cli_page
from reference_conformance import conformance_page
from reference_emulator import emulator_page
from reference_findings import findings_page
from reference_hooks import hooks_page
from reference_job import job_file_page

FOLDER = Path(__file__).parent / "reference"
NOTE = "<!-- made by docs/generate.py from {source}; edit that, then: make docs -->\n\n"
PAGES: dict[str, tuple[str, Callable[[], str]]] = {
    "capabilities.md": ("the hooks that each backend implements", capabilities_page),
    "cli.md": ("core/src/trainferry/cli", cli_page),
    "conformance.md": ("core/src/trainferry/testing/promises", conformance_page),
    "emulator.md": ("emulator/src/azureml_emulator", emulator_page),
    "findings.md": ("core/src/trainferry/checks/rules", findings_page),
    "hooks.md": ("core/src/trainferry/hookspecs.py", hooks_page),
    "job-file.md": ("core/src/trainferry/specs", job_file_page),
}


def main(arguments: list[str]) -> int:
    """Write or check every page; returns the exit code."""
    stale = 0
    for name, (source, make) in PAGES.items():
        file = FOLDER / name
        old = file.read_text(encoding="utf-8") if file.exists() else ""
        title, _, rest = make().partition("\n\n")
        new = f"{title}\n\n{NOTE.format(source=source)}{rest}"
        if "--check" in arguments:
            difference = "\n".join(unified_diff(old.splitlines(), new.splitlines(), name, "from the code", lineterm=""))
            stale += bool(difference)
            print(difference or f"{name} says what the code says")
        else:
            FOLDER.mkdir(exist_ok=True)
            file.write_text(new, encoding="utf-8")
            print(f"wrote {file}")
    if stale:
        print(f"{stale} pages differ from the code; run: make docs")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
