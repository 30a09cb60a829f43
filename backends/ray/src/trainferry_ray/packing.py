"""The archives that travel to the cluster: this backend's own part for the nodes, the snapshot, and single parcels."""

import hashlib
import io
import zipfile
from functools import cache
from pathlib import Path

from trainferry.errors import BackendError
from trainferry.snapshot import Snapshot
from trainferry_ray.node.run import PACKAGE_TOP

_DATE = (1980, 1, 1, 0, 0, 0)
"""The earliest that zip knows: equal content makes equal archives."""

LARGEST = 500_000_000
"""Bytes; Ray takes an archive as one message, of at most 512 MB (GCS_STORAGE_MAX_SIZE in its packaging module)."""


def name_of(content: bytes | str) -> str:
    """The name under which Ray stores an archive; equal for equal content."""
    data = content.encode() if isinstance(content, str) else content
    return f"_ray_pkg_{hashlib.sha256(data).hexdigest()[:32]}.zip"


def pack(files: dict[str, bytes], *, compress: bool = True) -> bytes:
    """A zip archive of those files, the same on every day."""
    method = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method, compresslevel=1 if compress else None) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.external_attr = 0o600 << 16
            archive.writestr(entry, files[name], method)
    return stream.getvalue()


@cache
def node_files() -> dict[str, bytes]:
    """This backend's part that runs on the nodes."""
    top = Path(__file__).parent
    files = {f"trainferry_ray/node/{path.name}": path.read_bytes() for path in (top / "node").glob("*.py")}
    return {**files, "trainferry_ray/__init__.py": (top / "__init__.py").read_bytes()}


def pack_snapshot(snapshot: Snapshot, fingerprint: str) -> bytes:
    """The snapshot as an archive; BackendError if it is not what `fingerprint` was made from, or is too large."""
    if snapshot.bytes > LARGEST:
        raise BackendError(
            f"the source folder weighs {snapshot.bytes / 1e6:.0f} MB; Ray takes {LARGEST / 1e6:.0f} MB at most",
            remedy="make large files a dataset, or leave them out with .ferryignore",
        )
    total = hashlib.sha256()
    files = {}
    for file in snapshot.files:
        try:
            content = (snapshot.root / file.path).read_bytes()
        except OSError as error:
            raise BackendError(
                f"can't read {file.path}: {error.strerror}", remedy="make it readable, or list it in .ferryignore"
            ) from error
        mark = "x" if file.executable else "-"
        total.update(f"{file.path}\0{mark}{hashlib.sha256(content).hexdigest()}\n".encode())
        files[f"{PACKAGE_TOP}/{file.path}"] = content
    if total.hexdigest() != fingerprint:
        raise BackendError(
            f"the source folder {snapshot.root} has changed since the plan was made; nothing was started",
            remedy="run it again: what was checked and what runs must be the same",
        )
    return pack(files)
