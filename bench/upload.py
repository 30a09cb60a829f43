"""Uploads to Azurite over TLS: 2,527 files of an image's size, once, again, and from 20 ms away; one file of 500 MB.

Against azureml-core's own `datastore.upload` and azure-storage-blob's asyncio client with 64 tasks, which are installed
into an environment of their own that is deleted afterwards. Ours is a new process each time, with retries and MD5 on;
seconds leave out imports. Azurite keeps blobs in memory and serves all alike.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path

from blob_server import ACCOUNT, KEY, azurite, delayed
from pairs import Figure, interleave, parser, process_environment, report, speedup
from trainferry_azureml.data import AccountKey, ContainerAccess, plan_upload, upload
from trainferry_azureml.data.container import Container
from trainferry_azureml.data.patience import Patience

FILES = 2527
"""As many as TrashNet has images."""
BIG = 500 << 20
"""Bytes of the large file."""
SDK = ["azureml-core==1.61.0.post4", "azure-storage-blob==12.31.1", "aiohttp>=3.12,<4", "setuptools<81"]
"""What the issue's table was measured with."""

PEER = r"""
import asyncio, json, logging, os, sys, time, warnings
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
import azureml.data.azure_storage_datastore as module
from azureml._vendor.azure_storage.blob import BlobServiceClient
from azure.storage.blob.aio import ContainerClient
module.DataReference = lambda **_: None  # what upload returns; it would ask a workspace that isn't there
account, key = sys.argv[1:]
credential = {"account_name": account, "account_key": key}

def by_datastore(url, container, folder):
    store = module.AzureBlobDatastore.__new__(module.AzureBlobDatastore)
    store.blob_service = BlobServiceClient(account_url=url, credential=credential)
    store.container_name, store.credential_type, store.account_key = container, "AccountKey", key
    store.sas_token, store._name, store._workspace = None, "store", None
    store._ensure_credential = lambda _: None
    store.upload(folder, "t", overwrite=False, show_progress=False)

def by_asyncio(url, container, folder):
    files = [os.path.join(path, name) for path, _, names in os.walk(folder) for name in names]
    async def send():
        async with ContainerClient(url, container, credential=credential) as client:
            left = iter(files)
            async def work():
                for path in left:
                    with open(path, "rb") as stream:
                        data = stream.read()
                    await client.upload_blob(os.path.relpath(path, folder), data, overwrite=True)
            await asyncio.gather(*[work() for _ in range(64)])
    asyncio.run(send())

for line in sys.stdin:
    way, *arguments = json.loads(line)
    start = time.perf_counter()
    {"datastore": by_datastore, "asyncio": by_asyncio}[way](*arguments)
    print(time.perf_counter() - start, flush=True)
"""


class Peer:
    """The SDK in a process of its own, which uploads what it is told to."""

    def __init__(self, scratch: Path, authority: Path) -> None:
        python = scratch / "sdk" / "bin" / "python"
        if not python.exists():
            self._install(scratch / "sdk", python)
        variables = {**process_environment(), "REQUESTS_CA_BUNDLE": str(authority), "SSL_CERT_FILE": str(authority)}
        self._process = subprocess.Popen(
            [python, "-c", PEER, ACCOUNT, KEY],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=variables,
        )

    def seconds(self, way: str, port: int, container: str, folder: Path) -> float:
        """Upload a folder one way; how long it took."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the SDK was started without pipes")
        request = [way, f"https://localhost:{port}/{ACCOUNT}", container, str(folder)]
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())

    def stop(self) -> None:
        """End the process."""
        self._process.communicate()

    def _install(self, folder: Path, python: Path) -> None:
        from uv import find_uv_bin

        uv = find_uv_bin()
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
        command: list[str | Path] = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python, *SDK]
        subprocess.run(command, check=True)


class Bench:
    """One Azurite and what uploads to it; each upload goes to a container of its own, which is deleted afterwards."""

    def __init__(self, scratch: Path, port: int, authority: Path) -> None:
        self.scratch, self.port, self.authority = scratch, port, authority
        self.via = port
        self.memory: list[float] = []
        self._numbers = count(1)
        os.environ["REQUESTS_CA_BUNDLE"] = str(authority)

    def fresh(self) -> str:
        """A new container, made past the proxy."""
        name = f"bench{next(self._numbers)}"
        self._container(name, "PUT")
        return name

    def drop(self, name: str) -> None:
        """Delete a container, so that Azurite's memory is free again."""
        self._container(name, "DELETE")

    def ours(self, folder: Path, container: str | None = None) -> float:
        """Seconds of our plan and upload, in a new process; its memory is noted."""
        name = container or self.fresh()
        cache = self.scratch / "cache" if container else Path(tempfile.mkdtemp(dir=self.scratch))
        url = f"https://127.0.0.1:{self.via}/{ACCOUNT}/{name}"
        done = subprocess.run(
            [sys.executable, __file__, "--client", url, folder, cache],
            env=process_environment(),
            check=True,
            capture_output=True,
            text=True,
        )
        seconds, mib = json.loads(done.stdout)
        self.memory.append(mib)
        if container is None:
            self.drop(name)
        return float(seconds)

    def theirs(self, peer: Peer, way: str, folder: Path) -> float:
        """Seconds of a peer's upload to a fresh container."""
        name = self.fresh()
        seconds = peer.seconds(way, self.via, name, folder)
        self.drop(name)
        return seconds

    def _container(self, name: str, method: str) -> None:
        access = ContainerAccess(f"https://127.0.0.1:{self.port}/{ACCOUNT}/{name}", AccountKey(ACCOUNT, KEY))
        with Container(access, Patience()) as container:
            container.request(method, "", {"restype": "container"}, {}, b"", f"{method} the container")


def main() -> int:
    """Measure and report; 1 if a bound is missed."""
    options = parser(__doc__)
    options.add_argument("--client", nargs=3, metavar=("URL", "FOLDER", "CACHE"), help=argparse.SUPPRESS)
    options.add_argument("--only", nargs="*", choices=ROWS, default=list(ROWS), help="which rows to measure")
    arguments = options.parse_args()
    if arguments.client:
        return client(*arguments.client)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        images(scratch / "images")
        for row in arguments.only:
            figures += ROWS[row](scratch, arguments.pairs)
    return report(figures, arguments.json)


def images(folder: Path) -> None:
    """As many files of such sizes as TrashNet has: 17 KB on average; they hold noise, as a JPEG does to a network."""
    draw = random.Random(1)  # noqa: S311
    for number in range(FILES):
        file = folder / f"class{number % 6}" / f"image{number}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(draw.randbytes(round(draw.uniform(8_000, 26_000))))


def first(scratch: Path, pairs: int) -> list[Figure]:
    """The first upload, and what the asyncio client takes for it."""
    folder = scratch / "images"
    with azurite() as (port, authority):
        bench, peer = Bench(scratch, port, authority), Peer(scratch, authority)
        ways: dict[str, Callable[[], float]] = {
            "datastore": partial(bench.theirs, peer, "datastore", folder),
            "ours": partial(bench.ours, folder),
            "asyncio": partial(bench.theirs, peer, "asyncio", folder),
        }
        seconds = interleave(ways, pairs)
        peer.stop()
    what = f"first upload of {FILES:,} files to Azurite"
    return [
        speedup(what, "datastore.upload", seconds["datastore"], seconds["ours"], at_least=4),
        speedup(what, "azure-storage-blob, asyncio x 64", seconds["asyncio"], seconds["ours"]),
        Figure(f"{what}, ours", "nothing", "s", tuple(seconds["ours"])),
    ]


def far(scratch: Path, pairs: int) -> list[Figure]:
    """The same from 20 ms away."""
    folder = scratch / "images"
    with azurite() as (port, authority), delayed(port) as slow:
        bench, peer = Bench(scratch, port, authority), Peer(scratch, authority)
        bench.via = slow
        ways: dict[str, Callable[[], float]] = {
            "datastore": partial(bench.theirs, peer, "datastore", folder),
            "ours": partial(bench.ours, folder),
        }
        bench.ours(folder)  # warms Azurite up; a whole round of the peer takes a minute
        seconds = interleave(ways, pairs, warm_up=False)
        peer.stop()
    what = "the same with 20 ms of latency"
    return [
        speedup(what, "datastore.upload", seconds["datastore"], seconds["ours"], at_least=30),
        Figure(f"{what}, ours", "nothing", "s", tuple(seconds["ours"])),
    ]


def again(scratch: Path, pairs: int) -> list[Figure]:
    """A second upload of what is there."""
    folder = scratch / "images"
    with azurite() as (port, authority):
        bench, peer = Bench(scratch, port, authority), Peer(scratch, authority)
        theirs, ours = bench.fresh(), bench.fresh()
        peer.seconds("datastore", port, theirs, folder)
        bench.ours(folder, ours)
        ways: dict[str, Callable[[], float]] = {
            "datastore": partial(peer.seconds, "datastore", port, theirs, folder),
            "ours": partial(bench.ours, folder, ours),
        }
        seconds = interleave(ways, pairs)
        peer.stop()
    what = "a second upload, nothing changed"
    return [
        speedup(what, "datastore.upload again", seconds["datastore"], seconds["ours"], at_least=30),
        Figure(f"{what}, ours", "nothing", "ms", tuple(took * 1000 for took in seconds["ours"])),
    ]


def big(scratch: Path, pairs: int) -> list[Figure]:
    """One large file. Azurite starts anew for each: it is slow to give memory back."""
    folder = scratch / "big"
    folder.mkdir()
    with (folder / "big.bin").open("wb") as stream:
        for _ in range(BIG >> 20):
            stream.write(os.urandom(1 << 20))
    memory: list[float] = []

    def once(way: str) -> float:
        with azurite() as (port, authority):
            bench = Bench(scratch, port, authority)
            if way == "ours":
                took = bench.ours(folder)
                memory.extend(bench.memory)
                return took
            peer = Peer(scratch, authority)
            took = bench.theirs(peer, way, folder)
            peer.stop()
            return took

    seconds = interleave({"datastore": partial(once, "datastore"), "ours": partial(once, "ours")}, pairs)
    what = "one file of 500 MB"
    return [
        speedup(what, "datastore.upload", seconds["datastore"], seconds["ours"], at_least=1),
        Figure(f"{what}, memory of ours", "nothing", "MiB", tuple(memory[1:]), at_most=100),
    ]


ROWS: dict[str, Callable[[Path, int], list[Figure]]] = {"first": first, "far": far, "again": again, "big": big}


def client(url: str, folder: str, cache: str) -> int:
    """Upload a folder; prints the seconds, and the most memory that this process took (MiB)."""
    start = time.perf_counter()
    access = ContainerAccess(url, AccountKey(ACCOUNT, KEY))
    upload(plan_upload(Path(folder), access, cache=Path(cache)))
    took = time.perf_counter() - start
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    peak = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    print(json.dumps([took, int(peak) / 1024]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
