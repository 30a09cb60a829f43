"""What Azure would refuse, told from the job file alone; and what it would take, which must pass."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from trainferry import Ferry, Finding, Job
from trainferry.listings import Listings
from trainferry.specs.job import Origin
from trainferry_azureml.checks.sizes import corrected, has_gpu
from trainferry_azureml.plugin import AzureMLBackend
from trainferry_azureml.rules import rehearsal_rules

Check = Callable[..., list[Finding]]
SIZE = "Standard_NC4as_T4_v3"


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """Check a job that is in order but for what is laid over it, on the Azure backend, without an account."""
    monkeypatch.setenv("TRAINFERRY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TRAINFERRY_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text("print(1)\n")

    def of(settings: str = "", **job: object) -> list[Finding]:
        (tmp_path / "trainferry.toml").write_text(f'backend = "azureml"\n[backends.azureml]\n{settings}\n')
        given = {
            "name": "a",
            "script": "train.py",
            "timeout": "1h",
            "environment": {"python": "3.11", "pip": ["numpy"]},
        }
        (tmp_path / "job.yaml").write_text(yaml.safe_dump(given | {"compute": {"name": "c-1a", "size": SIZE}} | job))
        with Ferry() as ferry:
            return ferry.check(Job.load("job.yaml"))

    return of


def told(found: list[Finding], rule: str) -> list[str]:
    """Severity, message and remedy of the findings of a rule."""
    return [f"{f.severity}: {f.message} | {f.remedy}" for f in found if f.id == rule]


@pytest.mark.parametrize(
    ("job", "rule", "expected"),
    [
        ({"compute": {"name": "c-1a", "size": "NC4as_T4_v3"}}, "compute-size", f"did you mean {SIZE}?"),
        ({"compute": {"name": "c-1a", "size": "Standard NC4as T4 v3"}}, "compute-size", f"did you mean {SIZE}?"),
        ({"compute": {"name": "c-1a", "size": "Standard-NC4as-T4-v3"}}, "compute-size", "error: "),
        ({"compute": {"name": "c-1a", "size": "Standard_NC4as_T4v3"}}, "compute-size", SIZE),
        (
            {"compute": {"name": "c-1a", "size": "Standard_NC6"}},
            "compute-retired",
            "error: Azure retired the series NC",
        ),
        ({"compute": {"name": "c_1", "size": SIZE}}, "compute-name", "error: "),
        ({"compute": {"name": "gpu-cluster-t4-westeu", "size": SIZE}}, "compute-name-long", "note: "),
        ({"tags": {"note": "x" * 1200}}, "tags-limit", "1200 characters"),
        ({"environment": {"pip": ["mlflow>=2.13"]}}, "mlflow-alone", "azureml-mlflow"),
        ({"environment": {"image": "mine.azurecr.io/tf:1"}}, "image-private", "AcrPull"),
        ({"tags": {"n" * 101: "x"}}, "tags-limit", "101 characters"),
        ({"tags": {f"t{n}": "x" for n in range(51)}}, "tags-limit", "51 tags"),
        ({"environment": {"name": "AzureML-my-tf", "pip": ["a"]}}, "environment-reserved-name", "my-tf"),
        ({"environment": {"name": "microsoft-x", "pip": ["a"]}}, "environment-reserved-name", "reserved"),
        ({"environment": {"name": "my env", "pip": ["a"]}}, "environment-name", "error: "),
        ({"environment": {"curated": "AzureML-tensorflow-2.12-cuda11"}}, "curated-gone", "AzureML-tensorflow-2.16"),
        ({"environment": {"curated": "AzureML-Minimal"}}, "curated-gone", "taken out"),
        ({"environment": {"curated": "AzureML-sklearn-0.24-ubuntu18.04-py37-cpu"}}, "curated-gone", "sklearn-1.5"),
        (
            {"environment": {"image": "mcr.microsoft.com/azureml/base:intelmpi2018.3-ubuntu16.04"}},
            "image-deprecated",
            "warning",
        ),
        (
            {"environment": {"image": "mcr.microsoft.com/azureml/openmpi3.1.2-cuda10.1-cudnn7-ubuntu18.04"}},
            "image-deprecated",
            "",
        ),
        ({"environment": {"image": "tensorflow/tensorflow:1.15.5-gpu"}}, "image-deprecated", ""),
        (
            {"environment": {"image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:20240909.1"}},
            "image-tag",
            "20240909.v1",
        ),
        (
            {"environment": {"image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:20241399.v1"}},
            "image-tag",
            "tag",
        ),
        (
            {"environment": {"image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:29990101.v1"}},
            "image-tag",
            "tag",
        ),
        (
            {"datasets": {"d": {"uri": "https://acct.blob.core.windows.net/c/flowers"}}},
            "address-form",
            "azureml://datastores/",
        ),
        ({"datasets": {"d": {"uri": "https://a.blob.core.windows.net/c?sig=abc"}}}, "address-form", "secret"),
        ({"datasets": {"d": {"uri": "wasbs://c@a.blob.core.windows.net/x"}}}, "address-form", "azureml://"),
        ({"datasets": {"d": {"uri": "azureml://datastore/x/path/y"}}}, "address-form", "datastores"),
        ({"datasets": {"d": {"uri": "s3://bucket/x"}}}, "address-form", "azureml://"),
        ({"datasets": {"d": {"path": "azureml:flowers:1"}}}, "address-as-path", "name:"),
    ],
)
def test_what_azure_would_refuse(check: Check, job: dict[str, object], rule: str, expected: str) -> None:
    found = told(check(**job), rule)
    assert found
    assert expected in found[0]


@pytest.mark.parametrize(
    "job",
    [
        {},
        {"compute": {"name": "gpu-cluster", "size": "Standard_ND96asr_v4", "region": "eastus"}},
        {"compute": {"name": "cpu", "size": "STANDARD_DS3_V2"}},
        {"compute": {"name": "cpu", "size": "Standard_E4-2ds_v5"}},
        {"environment": {"curated": "AzureML-acpt-pytorch-2.2-cuda12.1"}},
        {"environment": {"curated": "azureml://registries/azureml/environments/sklearn-1.5/labels/latest"}},
        {"environment": {"image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:20240709.v1", "pip": ["numpy"]}},
        {
            "environment": {
                "image": "mcr.microsoft.com/azureml/openmpi4.1.0-cuda11.8-cudnn8-ubuntu22.04",
                "pip": ["numpy"],
            }
        },
        {"environment": {"image": "python:3.11-slim"}},
        {"datasets": {"d": {"uri": "azureml://datastores/workspaceblobstore/paths/flowers/"}}},
        {"datasets": {"d": {"name": "flowers", "version": "3"}}},
        {"tags": {"a": "é" * 1000}},
    ],
)
def test_what_azure_takes_is_not_rejected(check: Check, job: dict[str, object]) -> None:
    assert [f"{f.id}: {f.message}" for f in check(**job) if f.severity == "error"] == []


@pytest.mark.parametrize("image", ["python:3.11-slim", "ubuntu:22.04", "nvcr.io/nvidia/tensorflow:24.05-tf2-py3"])
def test_an_image_that_anyone_can_pull_is_not_called_private(check: Check, image: str) -> None:
    assert told(check(environment={"image": image}), "image-private") == []


def test_the_config_file_of_the_workspace(check: Check, tmp_path: Path) -> None:
    assert told(check(), "workspace-config") == []
    (absent,) = told(check('config = "azureml_config.json"'), "workspace-config")
    assert "azureml_config.json is not there" in absent
    (tmp_path / "azureml_config.json").write_text('{"workspace_name": "w"}')
    (partial,) = told(check('config = "azureml_config.json"'), "workspace-config")
    assert "subscription_id" in partial
    (tmp_path / "azureml_config.json").write_text(
        '{"subscription_id": "s", "resource_group": "g", "workspace_name": "w"}'
    )
    assert told(check('config = "azureml_config.json"'), "workspace-config") == []


def test_a_quota_that_was_read_before_is_held_against_the_job(check: Check, tmp_path: Path) -> None:
    compute = {"name": "cpu", "size": "Standard_DS11_v2", "region": "westeurope", "max_nodes": 2}
    assert told(check(compute=compute), "compute-no-quota") == []
    kept = Listings(tmp_path / "cache" / "listings" / "azureml")
    kept.keep("usages.westeurope", [{"family": "standardDSv2Family", "used": 0, "limit": 2}])
    (finding,) = told(check(compute=compute), "compute-no-quota")
    assert "quota" in finding
    assert "write max_nodes: 1" in finding
    kept.keep("usages.westeurope", [{"family": "standardDSv2Family", "used": 0, "limit": 4}])
    assert told(check(compute=compute), "compute-no-quota") == []
    kept.keep("usages.westeurope", [{"other": 1}])
    assert told(check(compute=compute), "compute-no-quota") == []


def test_a_node_is_what_its_size_says() -> None:
    gpu, cpu, none = rehearsal_rules(SIZE), rehearsal_rules("Standard_DS3_v2"), rehearsal_rules(None)
    assert (gpu.gpus, gpu.gpu_memory_bytes, gpu.cores, gpu.paid) == (1, 16_000_000_000, 4, True)
    assert (cpu.gpus, none.gpus, none.memory_bytes) == (0, None, None)


LOCALE = {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
NCCL = {"NCCL_DEBUG": "INFO", "HOROVOD_GPU_ALLREDUCE": "NCCL"}
MCR = "mcr.microsoft.com/azureml"


@pytest.mark.parametrize(
    ("environment", "variables"),
    [
        ({"curated": "AzureML-tensorflow-2.16-cuda12"}, {**LOCALE, **NCCL, "TF_USE_LEGACY_KERAS": "1"}),
        ({"curated": "tensorflow-2.16-cuda12:9"}, {**LOCALE, **NCCL, "TF_USE_LEGACY_KERAS": "1"}),
        (
            {"curated": "azureml://registries/azureml/environments/tensorflow-2.16-cuda12/versions/9"},
            {**LOCALE, **NCCL, "TF_USE_LEGACY_KERAS": "1"},
        ),
        ({"image": f"{MCR}/curated/tensorflow-2.16-cuda12:9"}, {**LOCALE, **NCCL, "TF_USE_LEGACY_KERAS": "1"}),
        ({"image": f"{MCR}/openmpi4.1.0-cuda11.8-cudnn8-ubuntu22.04:20240709.v1"}, {**LOCALE, **NCCL}),
        ({"python": "3.11"}, LOCALE),
        ({"curated": "acpt-pytorch-2.8-cuda12.6"}, {}),
        ({"image": "python:3.12"}, {}),
        ({"dockerfile": "Dockerfile"}, LOCALE),
        ({"dockerfile": "not-there"}, {}),
    ],
)
def test_a_rehearsal_gets_what_the_image_sets(
    environment: dict[str, str], variables: dict[str, str], tmp_path: Path
) -> None:
    text = f"FROM python:3.12 AS first\nRUN true\n FROM --platform=linux/amd64 {MCR}/openmpi4.1.0-ubuntu22.04\n"
    (tmp_path / "Dockerfile").write_text(text)
    job = Job.model_validate({"name": "a", "script": "train.py", "environment": environment})
    rules = AzureMLBackend().rehearsal_rules(job.with_origin(Origin(folder=tmp_path)))
    assert rules.variables == variables


def test_a_model_is_saved_by_the_keras_of_the_image(check: Check, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(
        "import pathlib\nimport tensorflow as tf\n"
        "model = tf.keras.Sequential([tf.keras.layers.Dense(1)])\n"
        "pathlib.Path('outputs').mkdir(exist_ok=True)\nmodel.save('outputs/model')\n"
    )
    own = {"python": "3.11", "pip": ["tensorflow==2.16.2", "tf-keras==2.16.0"]}
    assert told(check(environment=own), "keras-file-name") != []
    assert told(check(environment=own | {"image": f"{MCR}/curated/tensorflow-2.16-cuda12"}), "keras-file-name") == []


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("standard_NC6s_v3", "Standard_NC6s_v3"),
        ("NC6s_v3", "Standard_NC6s_v3"),
        ("Standard_NC6sv3", "Standard_NC6s_v3"),
        ("??", None),
    ],
)
def test_a_size_is_spelt_right(written: str, right: str | None) -> None:
    assert corrected(written) == right


@pytest.mark.parametrize(
    ("size", "gpu"), [(SIZE, True), ("Standard_DS3_v2", False), ("Standard_NX9_v9", True), ("x", None)]
)
def test_whether_a_size_has_a_gpu(size: str, gpu: bool | None) -> None:
    assert has_gpu(size) is gpu
