"""Whether this machine can hide the project and mount read-only, and what each run is to see."""

import os
import subprocess
import sys
from pathlib import Path

from trainferry_local.supervision.view import View

_SWITCHES = (
    "/proc/sys/kernel/random/boot_id",
    "/proc/sys/kernel/unprivileged_userns_clone",
    "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
    "/proc/sys/user/max_user_namespaces",
)
"""What decides whether a user may have namespaces; while these read the same, an earlier answer still holds."""

_TRY = """
import os, sys
sys.path.append(sys.argv[1])
from trainferry_local.supervision import kernel
folder = sys.argv[2]
descriptor = os.open(folder, os.O_PATH)
try:
    kernel.own_mounts()
    descriptor = os.open("/usr", os.O_PATH)
    kernel.mount_empty(folder)
    os.mkdir(folder + "/usr")
    kernel.bind(descriptor, folder + "/usr")
    kernel.make_read_only(folder + "/usr")
    kernel.make_read_only(folder, below=False)
except OSError as error:
    print(f"{error.filename}: {error.strerror}")
"""


class Isolation:
    """What the system allows. The answer is kept in a file of the cache, so that a machine is tried once per start."""

    def __init__(self, cache: Path) -> None:
        self._file = cache / "local-isolation"
        self._obstacle: str | None = None

    def obstacle(self) -> str:
        """Why isolation isn't possible here, in the system's words; empty if it is. Changes nothing that lasts."""
        if self._obstacle is None:
            self._obstacle = self._remembered()
        if self._obstacle is None:
            self._obstacle = try_it()
        return self._obstacle

    @property
    def told(self) -> bool:
        """Whether the answer was kept before: the user has been told of it then."""
        return self._remembered() is not None

    def remember(self) -> None:
        """Keep the answer."""
        obstacle = self.obstacle()
        if self._remembered() == obstacle:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        part = self._file.with_name(f"{self._file.name}.{os.getpid()}.part")
        part.write_text(f"{_key()}\n{obstacle}", encoding="utf-8")
        part.replace(self._file)

    def _remembered(self) -> str | None:
        try:
            key, _, obstacle = self._file.read_text(encoding="utf-8").partition("\n")
        except OSError:
            return None
        return obstacle if key == _key() else None


def _key() -> str:
    parts = [str(os.geteuid())]
    for switch in _SWITCHES:
        try:
            parts.append(Path(switch).read_text(encoding="utf-8").strip())
        except OSError:
            parts.append("-")
    return " ".join(parts)


def try_it() -> str:
    """Try in a process of its own what a run would need; returns what the system said no to, empty if nothing."""
    if sys.platform != "linux":
        return f"{sys.platform} has no namespaces"
    import tempfile  # noqa: PLC0415  (once per start of the machine)

    with tempfile.TemporaryDirectory(prefix="trainferry-") as folder:
        command = [sys.executable, "-I", "-S", "-X", "utf8", "-c", _TRY, str(Path(__file__).parents[1]), folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    return done.stdout.strip() or (done.stderr.strip().splitlines()[-1] if done.returncode else "")


def covers(source: Path, project: Path | None) -> tuple[list[Path], list[Path]]:
    """Folders to hide from the script, and those too wide to be hidden: the home or temporary files lie in them.

    None of the first lies in another one of them.
    """
    home = Path(os.path.expanduser("~")).resolve()  # noqa: PTH111  (a user without a home raises nothing here)
    temporary = Path(os.environ.get("TMPDIR", "/tmp")).resolve()  # noqa: S108
    wanted = {path.resolve() for path in (source, project) if path is not None and path.exists()}
    wide = {path for path in wanted if home.is_relative_to(path) or temporary.is_relative_to(path)}
    good = wanted - wide
    outer = [path for path in good if not any(path != other and path.is_relative_to(other) for other in good)]
    return sorted(outer), sorted(wide)


def view_of(
    covered: list[Path],
    run_folders: list[Path],
    environment: list[Path],
    packages: list[Path],
    mounts: list[tuple[str, str]],
) -> View:
    """What a run sees: of the covered folders only its own folders, its environment, and packages installed from there.

    The environment stays writable, because Python keeps compiled modules in it; packages are only read.
    """
    shown = [(path, False) for path in packages] + [(path, True) for path in (*environment, *run_folders)]
    inside = [(path, w) for path, w in shown if any(path.is_relative_to(cover) for cover in covered)]
    keeps = {str(path): writable for path, writable in inside}
    return View([str(path) for path in covered], list(keeps.items()), mounts)


def of_this_interpreter(covered: list[Path]) -> tuple[list[Path], list[Path]]:
    """Folders that this interpreter lives in, and what it imports from below a covered one (editable installs)."""
    prefixes = {
        sys.prefix,
        sys.exec_prefix,
        sys.base_prefix,
        sys.base_exec_prefix,
        str(Path(sys.executable).resolve().parent),
    }
    homes = sorted({Path(prefix).resolve() for prefix in prefixes if Path(prefix).is_dir()} - set(covered))
    homes = [home for home in homes if not any(cover.is_relative_to(home) for cover in covered)]
    imported = []
    for entry in sys.path[1:]:
        path = Path(entry).resolve()
        inside = any(path != cover and path.is_relative_to(cover) for cover in covered)
        if entry and path.exists() and inside and not any(path.is_relative_to(home) for home in homes):
            imported.append(path)
    return homes, imported
