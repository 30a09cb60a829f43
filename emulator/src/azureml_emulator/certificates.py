"""TLS: an authority of the emulator's own, a certificate for loopback, and a bundle for clients."""

import os
import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme

NAMES = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Certificates:
    """Files of one emulator's TLS, in PEM."""

    authority: Path
    """The authority alone."""
    bundle: Path
    """The authorities of this machine and the emulator's: what a client is given to trust."""
    certificate: Path
    """The server's certificate chain."""
    key: Path
    """The server's private key, readable by this user only."""


def ensure(folder: Path) -> Certificates:
    """The certificates in `folder`, made there if they aren't; made once, a restart keeps them."""
    found = Certificates(folder / "ca.pem", folder / "bundle.pem", folder / "server.pem", folder / "server.key")
    if not found.certificate.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        authority = trustme.CA(organization_name="azureml-emulator", organization_unit_name="for this machine only")
        issued = authority.issue_cert(*NAMES)
        _write(found.authority, authority.cert_pem.bytes())
        _write(found.key, issued.private_key_pem.bytes())
        # The chain comes last: that it is there says that the others are.
        _write(found.certificate, b"".join(part.bytes() for part in issued.cert_chain_pems))
    _write(found.bundle, _system_authorities() + b"\n" + found.authority.read_bytes())
    return found


def client_context(authority: Path) -> ssl.SSLContext:
    """A context that trusts the emulator's authority and nothing else."""
    return ssl.create_default_context(cafile=str(authority))


def _write(file: Path, content: bytes) -> None:
    part = file.with_name(file.name + ".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
    part.replace(file)


def _system_authorities() -> bytes:
    """The authorities that this machine trusts: a job installs packages over TLS as well."""
    paths = ssl.get_default_verify_paths()
    for name in (os.environ.get("SSL_CERT_FILE"), paths.cafile, paths.openssl_cafile):
        if name and Path(name).is_file():
            return Path(name).read_bytes()
    return b""
