"""A dataset that is one file at an https address: taken as it is, mounted and downloaded, and looked for beforehand."""

from urllib.parse import urlsplit

import pytest

from azure_lab import Lab
from trainferry_azureml.watch.artifacts import remote_files

WRITES = """
import pathlib
pathlib.Path("outputs").mkdir(exist_ok=True)
pathlib.Path("outputs/far away.txt").write_text("from afar")
"""
READS = """
import pathlib, sys
path = pathlib.Path(sys.argv[1])
print(path.name, path.read_text())
"""


@pytest.fixture
def address(lab: Lab) -> str:
    """The address of a file, with a signature that allows to read it and no more."""
    lab.write(WRITES)
    signed = urlsplit(remote_files(lab.session(), lab.run())["outputs/far away.txt"])
    account = (signed.username or "").partition(".")[0]
    return f"https://{signed.hostname}:{signed.port}/{account}{signed.path}?{signed.query}"


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["mount", "download"])
def test_a_file_of_the_web_comes_to_the_script(lab: Lab, address: str, mode: str) -> None:
    lab.write(READS)
    data = {"in": {"uri": address, "mode": mode}}
    assert lab.output(datasets=data, arguments=["${{ datasets.in }}"]) == "far away.txt from afar\n"


def test_what_is_not_at_its_address_is_found_before_the_submit(lab: Lab) -> None:
    plan = lab.backend.plan(lab.job(datasets={"in": {"uri": f"{lab.azure.url}/adfs/no.csv?sig=secret"}}), "try-1")
    (error,) = plan.errors
    assert error.id == "dataset-unusable"
    assert error.message == f"there is nothing at {lab.azure.url}/adfs/no.csv"


def test_a_signature_that_is_refused_is_not_shown(lab: Lab, address: str) -> None:
    where, _, query = address.partition("?")
    plan = lab.backend.plan(lab.job(datasets={"in": {"uri": f"{where}?{query[:-4]}zzzz"}}), "try-1")
    (error,) = plan.errors
    assert "403" in error.message
    assert "sig=" not in error.message
    assert where.rpartition("/")[2] in error.message
