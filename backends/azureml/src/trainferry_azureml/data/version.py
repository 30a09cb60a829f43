"""What an upload is about: one version of a dataset, told by its content."""

from dataclasses import dataclass

ROOT = "trainferry/datasets"
"""Below this prefix of the container lie all datasets that were uploaded by content."""


@dataclass(frozen=True, slots=True)
class DatasetVersion:
    """One version of a dataset: the same files with the same bytes have the same hash, wherever they came from."""

    hash: str
    """SHA-256 of the manifest (hexadecimal): names, sizes and SHA-256 of all files."""
    files: int
    """How many files (count)."""
    bytes: int
    """All their sizes together (bytes)."""

    @property
    def root(self) -> str:
        """Prefix of everything that belongs to this version, without a slash at the end."""
        return f"{ROOT}/{self.hash[:32]}"

    @property
    def prefix(self) -> str:
        """Prefix of the files, to be registered and mounted; what follows it is the path in the local folder."""
        return f"{self.root}/files"

    @property
    def manifest(self) -> str:
        """Name of the blob that is written last: where it is, the version is complete."""
        return f"{self.root}/manifest"
