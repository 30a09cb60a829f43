"""The checks of the environment, its packages, and what the job says: found where they are, silent elsewhere."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainferry import Finding
from trainferry.checks.code.distributions import distributions
from trainferry.checks.packages import Packages, brings
from trainferry.specs import EnvironmentSpec, RehearsalRules

Look = Callable[..., list[Finding]]


@pytest.mark.parametrize(
    ("environment", "rule", "mention"),
    [
        ({"pip": ["tensorflow-gpu"]}, "package-gone", "tensorflow[and-cuda]"),
        ({"pip": ["sklearn==0.0"]}, "package-gone", "scikit-learn"),
        ({"pip": ["PIL"]}, "package-gone", "pillow"),
        ({"pip": ["pywin32>=300"]}, "package-gone", "Windows"),
        ({"pip": ["./dist/mine-1.0-py3-none-any.whl"]}, "package-local", "mine-1.0"),
        ({"pip": ["mine @ file:///C:/me/mine"]}, "package-local", "this machine"),
        ({"pip": ["git+ssh://git@github.com/me/mine"]}, "package-local", "key"),
        ({"pip": ["tensorflow"]}, "package-unpinned", "tensorflow=="),
        ({"conda": ["libcxx=4.0.1"]}, "conda-one-system", "libcxx"),
        ({"conda": ["conda-forge::vs2015_runtime=14.27"]}, "conda-one-system", "vs2015_runtime"),
        ({"conda": ["python=3.7.3=h359304d_0"]}, "conda-build", "write python=3.7.3"),
        ({"image": "python:3.11", "dockerfile": "Dockerfile"}, "environment-two-bases", "image"),
        ({"dockerfile": "docker/docker/Dockerfile"}, "dockerfile-missing", "did you mean docker/Dockerfile"),
        ({"dockerfile": "docker"}, "dockerfile-missing", "docker/Dockerfile"),
        ({"image": "docker.io/rocker/r-ver:4.3.1"}, "image-without-python", "python"),
        ({"image": "ubuntu:22.04"}, "image-without-python", "python"),
        ({"python": "3.9", "pip": ["tensorflow==2.8.0"]}, "versions-drifted", "protobuf"),
        ({"python": "3.9", "pip": ["tensorflow==2.10.1"]}, "versions-drifted", "numpy"),
        ({"pip": ["mlflow==2.9.2", "tensorflow==2.16.1"]}, "too-old-for-keras", "mlflow"),
        ({"pip": ["tensorflow-addons", "tensorflow==2.17.0"]}, "too-old-for-keras", "tensorflow-addons"),
        ({"pip": ["keras==3.1.0", "tensorflow==2.15.0"]}, "too-old-for-keras", "tensorflow 2.15.0"),
        ({"pip": ["tensorflow==2.17.0"], "image": "x/y-cuda11.8"}, "cuda-mismatch", "CUDA 12"),
        ({"pip": ["a"], "variables": {"my-key": "x"}}, "variable-name", "my-key"),
        ({"pip": ["a"], "variables": {"WANDB_API_KEY": "0123456789abcdef0123"}}, "secret-in-job", "WANDB_API_KEY"),
    ],
)
def test_environments_that_would_not_do(look: Look, environment: dict[str, object], rule: str, mention: str) -> None:
    found = look(environment=environment, files={"docker/Dockerfile": "FROM python:3.11\n"})
    told = [f"{f.message} {f.remedy}" for f in found if f.id == rule]
    assert told, [f.id for f in found]
    assert mention in told[0]


@pytest.mark.parametrize(
    "environment",
    [
        {"python": "3.9", "pip": ["tensorflow==2.8.0", "protobuf==3.20.3", "numpy<1.24", "termcolor==1.1.0"]},
        {"python": "3.7", "pip": ["tensorflow==2.8.4", "protobuf<3.21"]},
        {"pip": ["tensorflow[and-cuda]==2.21.0", "opencv-python-headless", "scikit-learn>=1.4"]},
        {"pip": ["pywin32; sys_platform == 'win32'", "numpy"]},
        {"pip": ["mylib @ git+https://github.com/me/mylib@v1"]},
        {"pip": ["mlflow>=2.13", "tensorflow==2.16.1"]},
        {"conda": ["pytorch::pytorch=2.2", "numpy>=1.26", "pip"], "channels": ["conda-forge"]},
        {"image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04", "pip": ["numpy"]},
        {"image": "rocker/r-ver:4.3.1", "conda": ["python=3.11"]},
        {"curated": "AzureML-acpt-pytorch-2.2-cuda12.1"},
        {"dockerfile": "docker/Dockerfile"},
        {"pip": ["tensorflow==2.17.0"], "image": "x/y-cuda12.3"},
        {"pip": ["a"], "variables": {"PASSWORD_FILE": "/run/secret", "TOKENS": "300", "KEY_COUNT": "4"}},
        "current",
    ],
)
def test_environments_that_are_in_order(look: Look, environment: object) -> None:
    found = look(environment=environment, files={"docker/Dockerfile": "FROM python:3.11\n"})
    wrong = ("secret-in-job", "variable-name", "cuda-mismatch", "too-old-for-keras")
    assert [f"{f.id} {f.message}" for f in found if f.severity == "error" or f.id in wrong] == []


@pytest.mark.parametrize(
    ("job", "rule"),
    [
        ({"arguments": ["--data", "data"], "timeout": "1h"}, None),
        ({"arguments": ["--data", "data/cat"]}, "argument-path"),
        ({"arguments": ["--data=./data/"]}, "argument-path"),
        ({"arguments": ["--root", "C:\\Users\\me"]}, "argument-path"),
        ({"arguments": ["--root", "/home/me/x"]}, "argument-path"),
        ({"arguments": ["--url", "https://example.com/home/me"]}, None),
        ({"arguments": ["--api-key", "0123456789abcdef"]}, "secret-in-job"),
        ({"arguments": ["--note", "AccountKey=" + "a" * 44]}, "secret-in-job"),
        ({"tags": {"token": "short"}}, None),
        ({"timeout": 30}, "timeout-low"),
        ({"timeout": "30m"}, None),
    ],
)
def test_what_a_job_says(look: Look, job: dict[str, object], rule: str | None) -> None:
    found = {f.id for f in look(target=RehearsalRules(paid=True), **job)}
    assert (rule is None and not found & {"argument-path", "secret-in-job", "timeout-low"}) or rule in found


def test_a_job_without_timeout_is_a_matter_of_money(look: Look) -> None:
    (finding,) = [f for f in look(timeout=None, target=RehearsalRules(paid=True)) if f.id == "no-timeout"]
    assert finding.severity == "warning"
    (finding,) = [f for f in look(timeout=None) if f.id == "no-timeout"]
    assert finding.severity == "note"


@pytest.mark.parametrize(
    ("pip", "keras"),
    [
        (["tensorflow==2.15.1"], 2),
        (["tensorflow==2.16.1"], 3),
        (["tensorflow"], 3),
        (["tensorflow>=2.10"], 3),
        (["tensorflow<2.16"], 2),
        (["tensorflow<2.18"], None),
        (["tensorflow-cpu~=2.12"], 2),
        (["keras==3.4.1", "torch"], 3),
        (["keras==2.13.1", "tensorflow==2.13.1"], 2),
        (["torch"], None),
    ],
)
def test_the_version_of_keras_is_told_from_what_is_declared(pip: list[str], keras: int | None) -> None:
    assert Packages(EnvironmentSpec(pip=tuple(pip))).keras == keras


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("cv2", "opencv-python-headless"),
        ("yaml", "pyyaml"),
        ("google.protobuf.message", "protobuf"),
        ("some_lib.x", "some-lib"),
        ("azure.storage.blob", "azure-storage-blob"),
        ("PIL.Image", "pillow"),
        ("ruamel.yaml", "ruamel-yaml"),
    ],
)
def test_which_package_provides_an_import(name: str, first: str) -> None:
    assert distributions(name)[0] == first


def test_what_well_known_packages_bring_is_known() -> None:
    assert {"numpy", "h5py", "protobuf"} <= (brings("tensorflow") or set())
    assert "torch" in (brings("torchvision") or set())
    assert brings("my-own-package") is None


def test_a_package_that_nobody_knows_may_bring_anything(look: Look) -> None:
    (finding,) = [f for f in look("import cv2\n", pip=["my-own-package"]) if f.id == "package-missing"]
    assert (finding.severity, finding.confidence) == ("warning", "possible")


@given(st.lists(st.text(max_size=30), max_size=5))
def test_no_requirement_breaks_the_reading_of_packages(lines: list[str]) -> None:
    spec = EnvironmentSpec.model_construct(pip=tuple(lines), conda=tuple(lines))
    packages = Packages(spec)
    assert isinstance(packages.everything, frozenset)
    assert packages.keras in (None, 2, 3)
