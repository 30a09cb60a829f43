"""Writes anew what the core knows of packages: which others each of the well-known ones brings along.

    python bench/known_packages.py

asks uv to resolve each package by itself, for Linux, and stores the names in `closures.json`. The check of imports
needs them offline; a package that is not in the file is taken to bring anything.
"""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

FILE = Path(__file__).parent.parent / "core" / "src" / "trainferry" / "checks" / "closures.json"
PLATFORM = "x86_64-manylinux_2_28"
_NAMES = """
absl-py accelerate albumentations azure-ai-ml azure-identity azure-storage-blob azureml-core azureml-defaults azureml-
mlflow boto3 catboost click dask datasets fastapi fastai fire flask gymnasium h5py huggingface-hub hydra-core imageio
imbalanced-learn jax joblib jupyter kaggle kagglehub keras keras-tuner librosa lightgbm loguru matplotlib mlflow
mlflow-skinny monai networkx nltk numba numpy onnx onnxruntime opencv-contrib-python opencv-python opencv-python-
headless optuna pandas pillow plotly polars protobuf psutil pyarrow pycocotools pydantic python-dotenv pytorch-
lightning pyyaml ray requests scikit-image scikit-learn scipy seaborn sentence-transformers shap six spacy statsmodels
tensorboard tensorflow tensorflow-cpu tensorflow-datasets tensorflow-hub tensorflow-probability termcolor tf-keras
timm torch torchmetrics torchvision tqdm transformers typer ultralytics wandb xgboost
"""
PACKAGES = _NAMES.split()
OLDER = {"tensorflow": [("3.10", "tensorflow==2.15.1"), ("3.9", "tensorflow==2.8.0")]}
"""Versions that brought others along, still in use."""


def main() -> int:
    """Resolve and store; 1 if a package can't be resolved."""
    uv = sys.argv[1] if len(sys.argv) > 1 else "uv"
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda name: brought(uv, name), PACKAGES))
    missing = [name for name, names in zip(PACKAGES, found, strict=True) if names is None]
    table = {name: " ".join(names) for name, names in zip(PACKAGES, found, strict=True) if names is not None}
    FILE.write_text(json.dumps(table, indent=0, sort_keys=True) + "\n", encoding="utf-8")
    print(f"wrote {len(table)} packages; could not resolve: {', '.join(missing) or 'none'}")
    return 1 if missing else 0


def brought(uv: str, name: str) -> list[str] | None:
    """What a package brings along, sorted; None if it can't be resolved."""
    names: set[str] = set()
    for python, requirement in [("3.11", name), *OLDER.get(name, [])]:
        command = [uv, "pip", "compile", "-q", "--no-header", "--no-annotate", "--python-version", python]
        command += ["--python-platform", PLATFORM, "-"]
        done = subprocess.run(command, input=requirement, capture_output=True, text=True, check=False)
        if done.returncode:
            return None
        names |= {line.partition("==")[0].partition("[")[0] for line in done.stdout.splitlines()}
    return sorted(part for part in names if part != name and not part.startswith(("nvidia-", "cuda-")))


if __name__ == "__main__":
    sys.exit(main())
