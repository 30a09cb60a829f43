"""Which distribution provides an import name, where the two differ. Names as on the Python Package Index."""

from trainferry.checks.packages import normal

_DIFFERENT = """
PIL pillow Pillow-SIMD pillow-heif
cv2 opencv-python-headless opencv-python opencv-contrib-python opencv-contrib-python-headless
sklearn scikit-learn
skimage scikit-image
yaml PyYAML
bs4 beautifulsoup4
dateutil python-dateutil
dotenv python-dotenv
git GitPython
serial pyserial
Crypto pycryptodome
OpenSSL pyOpenSSL
jwt PyJWT
magic python-magic
docx python-docx
pptx python-pptx
attr attrs
absl absl-py
pkg_resources setuptools
tensorflow tensorflow tensorflow-cpu tensorflow-gpu intel-tensorflow tensorflow-rocm tensorflow-macos
tensorboardX tensorboardX
tensorflow_hub tensorflow-hub
tensorflow_datasets tensorflow-datasets tfds-nightly
tensorflow_addons tensorflow-addons
tensorflow_probability tensorflow-probability
tensorflow_text tensorflow-text
tf_keras tf-keras
keras keras
keras_tuner keras-tuner
kerastuner keras-tuner
keras_cv keras-cv
keras_nlp keras-nlp
keras_hub keras-hub
torch torch
torchvision torchvision
lightning lightning
pytorch_lightning pytorch-lightning
sentence_transformers sentence-transformers
imblearn imbalanced-learn
xgboost xgboost xgboost-cpu
faiss faiss-cpu faiss-gpu
mpl_toolkits matplotlib
pylab matplotlib
IPython ipython
umap umap-learn
tables tables
Levenshtein python-Levenshtein Levenshtein
fitz PyMuPDF
usb pyusb
wx wxPython
gym gym
mlflow mlflow mlflow-skinny
skopt scikit-optimize
sksurv scikit-survival
hdbscan hdbscan
pycocotools pycocotools
ruamel ruamel.yaml
slugify python-slugify
telegram python-telegram-bot
markdown Markdown
jose python-jose
ldap python-ldap
pywintypes pywin32
win32api pywin32
win32com pywin32
zmq pyzmq
nacl PyNaCl
speech_recognition SpeechRecognition
nvidia nvidia-ml-py
pynvml nvidia-ml-py pynvml
apex apex
pydot pydot
pygments Pygments
efficientnet efficientnet
segmentation_models segmentation-models
segmentation_models_pytorch segmentation-models-pytorch
gdcm python-gdcm
nibabel nibabel
SimpleITK SimpleITK
tifffile tifffile
horovod horovod
azureml azureml-core
msrest msrest
mpi4py mpi4py
ray ray
smart_open smart-open
google_auth google-auth
flatbuffers flatbuffers
typing_extensions typing-extensions
importlib_metadata importlib-metadata
importlib_resources importlib-resources
more_itertools more-itertools
prettytable prettytable
pythonjsonlogger python-json-logger
rest_framework djangorestframework
MySQLdb mysqlclient
psycopg2 psycopg2-binary psycopg2
sqlalchemy SQLAlchemy
"""
_NAMED: dict[str, tuple[str, ...]] = {
    line.split()[0]: tuple(normal(name) for name in line.split()[1:]) for line in _DIFFERENT.strip().splitlines()
}
_SPREAD: dict[str, tuple[str, ...]] = {
    "google.protobuf": ("protobuf",),
    "google.cloud.storage": ("google-cloud-storage",),
    "google.auth": ("google-auth",),
    "google.colab": ("google-colab",),
    "azure.storage.blob": ("azure-storage-blob",),
    "azure.storage": ("azure-storage-blob", "azure-storage-file-datalake", "azure-storage-file-share"),
    "azure.identity": ("azure-identity",),
    "azure.ai.ml": ("azure-ai-ml",),
    "azure.keyvault": ("azure-keyvault-secrets", "azure-keyvault-keys"),
    "azure.core": ("azure-core",),
    "azureml.core": ("azureml-core", "azureml-sdk", "azureml-defaults"),
    "azureml.mlflow": ("azureml-mlflow",),
    "azureml.fsspec": ("azureml-fsspec",),
    "mpl_toolkits.basemap": ("basemap",),
    "ruamel.yaml": ("ruamel-yaml",),
}
"""Namespaces that several distributions share; the longest name that fits decides."""
NAMESPACES = frozenset({"google", "azure", "azureml", "ruamel"})
"""Packages at the top that are nobody's own."""


def is_known(name: str) -> bool:
    """Whether it is known which distribution of a namespace has a name."""
    return any(name == known or name.startswith(f"{known}.") for known in _SPREAD)


def distributions(name: str) -> tuple[str, ...]:
    """Distributions that provide a dotted import name, the usual one first; by PEP 503's spelling."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        known = _SPREAD.get(".".join(parts[:count]))
        if known:
            return known
    top = parts[0]
    if top in NAMESPACES and len(parts) > 1:
        return tuple(normal("-".join(parts[:count])) for count in range(min(3, len(parts)), 1, -1))
    return _NAMED.get(top, (normal(top),))
