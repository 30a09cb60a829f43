"""Names of packages: those that training jobs use most, and those whose import has another name."""

POPULAR: tuple[str, ...] = (
    *(
        "absl-py",
        "accelerate",
        "albumentations",
        "azure-identity",
        "azure-storage-blob",
        "azureml-core",
        "azureml-mlflow",
    ),
    *(
        "boto3",
        "catboost",
        "datasets",
        "dask",
        "diffusers",
        "einops",
        "fsspec",
        "gym",
        "gymnasium",
        "h5py",
        "hydra-core",
    ),
    *("imageio", "imbalanced-learn", "imgaug", "jax", "jaxlib", "joblib", "keras", "keras-tuner", "kornia", "lightgbm"),
    *("lightning", "matplotlib", "mlflow", "monai", "nltk", "numba", "numpy", "omegaconf", "onnx", "onnxruntime"),
    *(
        "opencv-python",
        "opencv-python-headless",
        "optuna",
        "pandas",
        "pillow",
        "plotly",
        "polars",
        "protobuf",
        "pyarrow",
    ),
    *("pydantic", "python-dotenv", "pytorch-lightning", "pyyaml", "ray", "requests", "rich", "scikit-image"),
    *(
        "scikit-learn",
        "scipy",
        "seaborn",
        "segmentation-models",
        "sentencepiece",
        "spacy",
        "statsmodels",
        "tensorboard",
    ),
    *("tensorboardx", "tensorflow", "tensorflow-addons", "tensorflow-cpu", "tensorflow-datasets", "tensorflow-hub"),
    *("tensorflow-io", "tensorflow-probability", "tensorflow-text", "tf-keras", "timm", "tokenizers", "torch"),
    *("torchaudio", "torchmetrics", "torchvision", "tqdm", "transformers", "ultralytics", "wandb", "xgboost", "zarr"),
)
"""Packages that a mistyped name was probably meant to be."""

PROJECT_OF_IMPORT: dict[str, str] = {
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python-headless",
    "dotenv": "python-dotenv",
    "pil": "pillow",
    "PIL": "pillow",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
    "pytorch": "torch",
}
"""Project on the index by the name that somebody took for it."""
