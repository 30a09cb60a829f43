"""Requirements as a job file writes them."""

from pathlib import Path


def absolute(requirement: str, folder: Path) -> str:
    """A requirement that is a path relative to `folder`, as an absolute one; any other as it is."""
    if requirement.startswith(("./", "../")) or (requirement.endswith(".whl") and "@" not in requirement):
        return str((folder / requirement).absolute())
    return requirement


def name_of(requirement: str) -> str:
    """The normalized name of the package that a requirement asks for; empty for a path or what can't be read."""
    from packaging.requirements import InvalidRequirement, Requirement  # noqa: PLC0415
    from packaging.utils import canonicalize_name  # noqa: PLC0415

    try:
        return str(canonicalize_name(Requirement(requirement).name))
    except InvalidRequirement:
        return ""


def local_file(requirement: str) -> Path | None:
    """The local file or folder that a requirement names, if it names one."""
    path = Path(requirement.partition("file://")[2] or requirement)
    return path if path.is_absolute() else None
