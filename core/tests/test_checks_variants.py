"""The same mistakes in other libraries' words: each rule fires in them too, and stays silent where all is in order."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trainferry import Finding
from trainferry.specs import RehearsalRules

Look = Callable[..., list[Finding]]
E, W, N = "error", "warning", "note"
PIP = (
    *(
        "tensorflow==2.21.0",
        "pillow",
        "scipy",
        "matplotlib==3.9.2",
        "pandas==2.2.3",
        "torch==2.5.1",
        "torchvision==0.20.1",
    ),
    *("scikit-learn==1.5.2", "mlflow==2.16.2", "transformers==4.44.2", "joblib==1.4.2", "click==8.1.7"),
)
KERAS = "import keras\nm = keras.Sequential([keras.layers.Dense(1)])\n"
ARGS = (
    "import argparse, os\nfrom pathlib import Path\n"
    "p = argparse.ArgumentParser(); p.add_argument('--data')\nargs = p.parse_args()\n"
)
FOLDER = ARGS + "import torch, torchvision\nd = torchvision.datasets.ImageFolder(args.data)\n"
LOSS = "loss = torch.nn.CrossEntropyLoss()\n"

FAILS = [
    ("variable-unset", E, "import os\nh = 'Bearer ' + os.getenv('MY_KEY')\n", "MY_KEY"),
    ("variable-unset", E, "import os\nfrom pathlib import Path\np = Path(os.environ.get('MY_DIR')) / 'a'\n", "MY_DIR"),
    ("variable-unset", E, "import os\nwords = os.getenv('MY_LIST').split(',')\n", "MY_LIST"),
    ("needs-screen", E, "import os\nos.environ['MPLBACKEND'] = 'Qt5Agg'\nimport matplotlib.pyplot\n", "Qt5Agg"),
    ("sign-in", W, "from azureml.core import Workspace\nw = Workspace('s', 'g', 'n')\n", "Workspace"),
    ("fetches", N, "import nltk\nnltk.download('punkt')\n", "punkt"),
    ("fetches", N, "import torch\ntorch.hub.load('pytorch/vision', 'resnet18')\n", "pytorch/vision"),
    ("fetches", N, "import torchvision\ntorchvision.models.resnet18(weights='DEFAULT')\n", "resnet18"),
    ("local-path", E, "import os\nopen(os.path.expanduser('~/data/a.txt'))\n", "~/data"),
    ("local-path", E, "import pandas as pd\npd.read_csv('/data/train.csv')\n", "/data/train.csv"),
    ("local-path", E, "import glob\nglob.glob('/nfs/images/*.jpg')\n", "/nfs/images"),
    ("file-outside", E, "import glob\nglob.glob('../extra/*.jpg')\n", "../extra"),
    ("file-outside", E, "import glob\nglob.glob('extra/*.jpg')\n", "extra"),
    ("file-nowhere", W, "import glob\nglob.glob('other/*.jpg')\n", "other"),
    ("dataset-by-path", E, "import os\nfor f in os.walk('../data'):\n    print(f)\n", "dataset"),
    ("folder-missing", E, "import logging\nlogging.basicConfig(filename='outputs/a/run.log')\n", "outputs/a"),
    ("folder-missing", E, "import torch\ntorch.onnx.export(1, 2, 'outputs/a/m.onnx')\n", "outputs/a"),
    ("output-lost", W, "open('/outputs/m.bin', 'wb')\n", "root"),
    ("results-all-lost", E, "import joblib\njoblib.dump({}, 'model.joblib')\n", "outputs"),
    ("checkpoints-pile-up", W, "import torch\nfor e in range(99):\n    torch.save({}, f'outputs/{e}.pt')\n", "disk"),
    ("parameter-long", W, "import mlflow\nmlflow.log_param(key='a', value='ab' * 300)\n", "500"),
    ("not-json", E, "import json, numpy as np\njson.dumps({'a': [np.zeros(2)]})\n", "JSON"),
    ("not-json", E, "import json, numpy as np\na = np.float32(1)\njson.dumps({'a': a})\n", "NumPy"),
    ("not-json", E, "import json, numpy as np\njson.dumps(np.mean([[1]], axis=0))\n", "JSON"),
    ("not-json", E, "import json\njson.dumps({'a': {1, 2}})\n", "set"),
    ("not-json", E, "import json, datetime\njson.dumps({'t': datetime.datetime.now()})\n", "times"),
    ("package-needed", E, "import pandas as pd\npd.read_csv('s3://bucket/a.csv')\n", "s3fs"),
    ("package-needed", E, "from transformers import Trainer\nTrainer()\n", "accelerate"),
    ("package-needed", E, "from tqdm.notebook import tqdm\ntqdm([1])\n", "ipywidgets"),
    ("api-gone", E, "from collections import Mapping\n", "collections.abc.Mapping"),
    ("api-gone", E, "import inspect\ninspect.getargspec(print)\n", "getfullargspec"),
    ("api-gone", E, "import pandas as pd\nd = pd.DataFrame()\nd.append(d, ignore_index=True)\n", "concat"),
    ("api-gone", E, "import matplotlib.pyplot as plt\nplt.style.use('seaborn-darkgrid')\n", "seaborn-v0_8"),
    ("api-gone", E, "from keras import backend as K\nK.mean([1])\n", "keras.ops.mean"),
    ("api-gone", E, KERAS + "m.compile('sgd', 'mse')\nmodel = m\nprint(model.optimizer.lr)\n", "learning_rate"),
    ("api-gone", E, "from sklearn.preprocessing import OneHotEncoder\nOneHotEncoder(sparse=False)\n", "sparse_output"),
    ("keras-file-name", E, KERAS + "import time\nm.save(f'outputs/m_{time.strftime(\"%Y\")}')\n", ".keras"),
    ("notebook-leftover", E, "from google.colab import drive\n", "google.colab"),
    ("package-missing", E, "from google.cloud import storage\n", "google.cloud.storage"),
    ("class-count", E, FOLDER + LOSS + "n = torch.nn.Sequential(torch.nn.Linear(4, 2))\n", "3 classes"),
    ("class-count", E, FOLDER + LOSS + "m = torchvision.models.resnet18(num_classes=2)\n", "out of bounds"),
    ("class-count", W, FOLDER + LOSS + "m = torchvision.models.resnet18()\nm.fc = torch.nn.Linear(512, 9)\n", "never"),
    (
        "class-count",
        E,
        ARGS + "import keras\nd = keras.utils.image_dataset_from_directory(args.data)\n"
        "m = keras.Sequential()\nm.add(keras.layers.Flatten())\nm.add(keras.layers.Dense(2))\n",
        "2 units",
    ),
    (
        "class-count",
        E,
        ARGS + "import keras\nd = keras.utils.image_dataset_from_directory(args.data)\n"
        "i = keras.Input((9,))\no = keras.layers.Dense(2)(i)\nm = keras.Model(i, o)\n",
        "2 units",
    ),
    ("script-not-executable", W, "import os\nos.system('./go.sh')\n", "chmod"),
]

PASSES = {
    "a variable with an or": "import os\nd = os.getenv('X_DIR') or '.'\n",
    "a mean is a float": "import json, numpy as np\njson.dumps({'a': np.mean([1]), 'b': np.ones(2).tolist()})\n",
    "a number that is converted": "import json, numpy as np\njson.dumps({'a': float(np.float32(1))})\n",
    "paths of Linux": "open('/etc/os-release')\nopen('/proc/cpuinfo')\nopen('/tmp/a', 'w')\nopen('/tmp/a')\n",
    "a folder at the root that is made": "import os\nos.makedirs('/big/x')\nopen('/big/x/a', 'w')\nopen('/big/x/a')\n",
    "a cache in the home folder": "import os\nos.listdir(os.path.expanduser('~/.cache/x'))\n",
    "a search in a dataset": ARGS + "import glob\nglob.glob(args.data + '/*/*.jpg')\n"
    "glob.glob(os.path.join(args.data, 'cat', '*.jpg'))\n[*Path(args.data).rglob('*.png')]\n[*os.walk(args.data)]\n",
    "a search of anything": ARGS
    + "import glob\nglob.glob(f'{args.data}/**/*.png', recursive=True)\nglob.glob('*.txt')\n",
    "a download into the home folder": "import torchvision\ntorchvision.datasets.MNIST('~/data', download=True)\n",
    "a lock in the home folder": "from pathlib import Path\nlock = Path('~/data.lock')\n",
    "an ending that an argument gives": KERAS + "import sys\nm.save('outputs/m' + sys.argv[2])\n",
    "tf.keras has the old backend": "import tensorflow as tf\ntf.keras.backend.mean([1])\n",
    "a memory": "import sqlite3\nsqlite3.connect(':memory:')\n",
    "the Trainer of another library": "import torch\nclass Trainer:\n    def fit(self): pass\nTrainer().fit()\n",
    "list.append": "x = []\nx.append(1)\n",
    "numpy inside a function that nothing calls": "import json, numpy as np\ndef f():\n    json.dumps(np.ones(1))\n",
    "a head of one output": FOLDER + "m = torchvision.models.resnet18()\nm.fc = torch.nn.Linear(512, 9)\n",
    "an input that only another life asks": "def ask():\n    return input()\nif __name__ == '__test__':\n    ask()\n",
    "a loop that saves under one name": "import torch\nfor e in range(99):\n    torch.save({}, 'outputs/last.pt')\n",
    "a namespace that is there": "import google.protobuf.message\n",
}
QUIET = ("check-broken", "not-json", "api-gone", "checkpoints-pile-up", "output-name")


@pytest.mark.parametrize(("rule", "severity", "script", "mention"), FAILS)
def test_a_mistake_is_found_in_other_words(look: Look, rule: str, severity: str, script: str, mention: str) -> None:
    found = look(script, pip=PIP, files={"src/go.sh": "true\n", "extra/1.jpg": "x"})
    told = [(f.severity, f"{f.message} {f.remedy}") for f in found if f.id == rule]
    assert told, [(f.id, f.message) for f in found]
    assert told[0][0] == severity
    assert mention in told[0][1]


@pytest.mark.parametrize("script", PASSES.values(), ids=PASSES.keys())
def test_what_is_in_order_is_left_alone(look: Look, script: str) -> None:
    found = look(script, pip=PIP)
    wrong = [f for f in found if (f.severity == "error" or f.id in QUIET) and f.id != "asks"]
    wrong = [f for f in wrong if not (f.id == "not-json" and "def f" in script and f.severity == "warning")]
    assert [(f.id, f.message) for f in wrong] == []
    assert all(f.severity != "error" for f in found)


CLICK = """\
import click
@click.command()
@click.option('--data', '-d', 'folder', type=click.Path(), required=True)
@click.option('--epochs', default=3)
@click.option('--kind', type=click.Choice(['a', 'b']))
@click.option('--augment/--no-augment', default=False)
@click.option('--sizes', multiple=True, type=float)
def main(**options): print(options)
if __name__ == '__main__':
    main()
"""
TYPER = """\
from typing import Optional
import typer
app = typer.Typer()
@app.command()
def main(data: str, epochs: int = 3, rate: Optional[float] = None, use_gpu: bool = False): print(data)
if __name__ == '__main__':
    app()
"""
ABSL = """\
from absl import app, flags
flags.DEFINE_string('data', None, 'where', required=True)
flags.DEFINE_integer('epochs', 3, 'how many')
flags.DEFINE_bool('augment', False, 'whether')
flags.DEFINE_enum('kind', 'a', ['a', 'b'], 'which')
def main(_): print(flags.FLAGS.data)
if __name__ == '__main__':
    app.run(main)
"""
FIRE = """\
import fire
def train(data, epochs=3, use_gpu=False): print(data)
if __name__ == '__main__':
    fire.Fire(train)
"""
GIVEN = ["--data", "${{ datasets.data }}"]


@pytest.mark.parametrize(
    ("script", "arguments", "rule", "mention"),
    [
        (CLICK, [*GIVEN, "--epochs", "5", "--no-augment", "--sizes", "-1.5", "--sizes=2", "--kind", "b"], None, ""),
        (CLICK, ["-d", "${{ datasets.data }}"], None, ""),
        (CLICK, [*GIVEN, "--epoch", "5"], "argument-unknown", "did you mean --epochs"),
        (CLICK, [*GIVEN, "--epochs", "5.0"], "argument-value", "write 5"),
        (CLICK, [*GIVEN, "--kind", "c"], "argument-value", "a, b"),
        (CLICK, [*GIVEN, "--augment=true"], "argument-value", "takes no value"),
        (CLICK, [*GIVEN, "--epochs"], "argument-value", "wants a value"),
        (CLICK, [*GIVEN, "stray"], "argument-unknown", "stray"),
        (CLICK, ["--epochs", "5"], "argument-missing", "--data"),
        (TYPER, ["${{ datasets.data }}", "--use-gpu", "--rate", "-0.5"], None, ""),
        (TYPER, ["${{ datasets.data }}", "--use_gpu"], "argument-unknown", "--use-gpu"),
        (TYPER, ["${{ datasets.data }}", "--epochs", "1e3"], "argument-value", "write 1000"),
        (TYPER, ["--epochs", "3"], "argument-missing", "data"),
        (ABSL, [*GIVEN, "--noaugment", "--verbosity=1", "--kind=b"], None, ""),
        (ABSL, [*GIVEN, "--epoch=3"], "argument-unknown", "--epochs"),
        (ABSL, [*GIVEN, "--epochs=3.5"], "argument-value", "3.5"),
        (ABSL, ["--epochs=3"], "argument-missing", "--data"),
        (FIRE, [*GIVEN, "--use-gpu", "--epochs", "3"], None, ""),
        (FIRE, ["${{ datasets.data }}"], None, ""),
        (FIRE, [*GIVEN, "--lr", "1"], "argument-unknown", "--lr"),
        (FIRE, ["--epochs", "3"], "argument-missing", "--data"),
    ],
)
def test_other_libraries_of_the_command_line(
    look: Look, script: str, arguments: list[str], rule: str | None, mention: str
) -> None:
    pip = ["click==8.1.7", "typer==0.12.5", "absl-py==2.1.0", "fire==0.7.0"]
    found = [f for f in look(script, pip=pip, arguments=arguments) if f.id.startswith("argument-")]
    assert [f.id for f in found] == ([rule] if rule else []), [f.message for f in found]
    assert mention in " ".join(f"{f.message} {f.remedy}" for f in found)


UNCLEAR = {
    "a group": CLICK.replace("@click.command", "@click.group"),
    "open": CLICK.replace("@click.command()", "@click.command(context_settings={'ignore_unknown_options': True})"),
    "not called": CLICK.replace("    main()", "    pass"),
    "own options": CLICK.replace("@click.option('--epochs', default=3)", "@common"),
    "two": TYPER + "@app.command()\ndef more(): pass\n",
    "annotated": TYPER.replace("data: str", "data: Annotated[str, 1]"),
    "anything": FIRE.replace("use_gpu=False", "**more"),
    "a method": TYPER.replace("@app.command()", "").replace("    app()", "    typer.run(main.run)"),
    "a stranger": TYPER.replace("    app()", "    typer.run(other)"),
    "a class": FIRE.replace("fire.Fire(train)", "fire.Fire()"),
    "argparse too": "import argparse\n" + CLICK,
}


@pytest.mark.parametrize("script", UNCLEAR.values(), ids=UNCLEAR.keys())
def test_a_command_line_that_is_not_clear_is_left_alone(look: Look, script: str) -> None:
    found = look(script, pip=["click", "typer", "fire"], arguments=[*GIVEN, "--nonsense", "1"])
    assert [f.id for f in found if f.id.startswith("argument-")] == []


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["--epochs", "3", "--data", "x", "--", "-d", "--kind=a", "-1", ""]), max_size=6))
def test_no_command_line_breaks_the_check(look: Look, arguments: list[str]) -> None:
    for script in (CLICK, TYPER, ABSL, FIRE):
        assert "check-broken" not in [f.id for f in look(script, pip=["click"], arguments=arguments)]


SHELL = "import subprocess\nsubprocess.run(['bash', 'run.sh'], check=True)\n"


@pytest.mark.parametrize(
    ("shell", "rule", "mention"),
    [
        ("python fit.py | tee log.txt\n", "exit-code-lost", "pipes"),
        ("python fit.py\necho done\n", "exit-code-lost", "followed"),
        ("python fit.py || true\n", "exit-code-lost", "goes on"),
        ("python fit.py \\\n  --epochs 3; echo done\n", "exit-code-lost", "followed"),
        ("python fti.py\n", "script-missing", "fit.py"),
        ("az login\npython fit.py\n", "sign-in", "az login"),
        ("pip install timm\npython fit.py\n", "installs", "pip install"),
        ("python fit.py --data /home/me/data\n", "local-path", "/home/me"),
        ("set -euo pipefail\npython fit.py | tee log.txt\necho done\n", None, ""),
        ("#!/bin/bash -e\npython fit.py # not | this\necho done\n", None, ""),
        ("python fit.py\nexit $?\n", None, ""),
        ("if python fit.py; then\n  echo done\nfi\n", None, ""),
        ("cd /tmp && python other.py\n", None, ""),
        ("python -m lib.fit --epochs 3\n", None, ""),
        ('python fit.py --data "$1" && echo done\n', None, ""),
    ],
)
def test_what_a_shell_script_does(look: Look, shell: str, rule: str | None, mention: str) -> None:
    found = look(SHELL, files={"src/run.sh": shell, "src/fit.py": "print(1)\n"})
    told = [f for f in found if f.file and f.file.endswith("run.sh")]
    assert [f.id for f in told] == ([rule] if rule else [])
    assert mention in " ".join(f"{f.message} {f.remedy}" for f in told)


@pytest.mark.parametrize(
    ("files", "rule", "mention"),
    [
        ({"src/.env": "A=1\n"}, "secret-unlisted", ".env"),
        ({"src/.env": "A=1\n", "src/.gitignore": ".env*\n"}, None, ""),
        ({"src/.env.example": "A=\n"}, None, ""),
        ({"src/a.json": b"\xef\xbb\xbf{}"}, "byte-mark", "BOM"),
        ({"src/a.txt": "hi".encode("utf-16")}, "byte-mark", "UTF-16"),
        ({"src/a.py": "wandb.login(key='" + "0a" * 20 + "')\n"}, "secret-travels", "wandb"),
        ({"src/a.py": "URL = 'postgresql://me:s3cretpass@db.host.net/x'\n"}, "secret-travels", "address"),
        ({"src/a.py": "T = 'glpat-" + "a1" * 10 + "'\n"}, "secret-travels", "gitlab"),
        ({"src/a.py": "URL = 'postgresql://{user}:{password}@host/x'\n"}, None, ""),
        ({"src/a.py": "h = '" + "0a" * 20 + "'  # a commit\n"}, None, ""),
        ({"src/train.py": "# caf\xe9\nprint(1)\n".encode("latin-1")}, "script-syntax", "UTF-8"),
        ({"src/keras.py": "x = 1\n", "src/train.py": "import keras\nkeras.Model\n"}, "module-shadowed", "no Model"),
    ],
)
def test_what_lies_in_the_source_folder(
    look: Look, files: dict[str, str | bytes], rule: str | None, mention: str
) -> None:
    found = look(files=files)
    kinds = ("secret-unlisted", "byte-mark", "secret-travels", "script-syntax", "module-shadowed")
    told = [f for f in found if f.id in kinds]
    assert [f.id for f in told] == ([rule] if rule else [])
    assert mention in " ".join(f"{f.message} {f.remedy}" for f in told)


@pytest.mark.parametrize(
    ("python", "script", "mention"),
    [
        ("3.9", "match 1:\n    case _: pass\n", "3.10"),
        ("3.9", "def f(a: int | None): pass\n", "TypeError"),
        ("3.10", "def f(a: int | None): pass\n", ""),
        ("3.9", "from __future__ import annotations\ndef f(a: int | None): pass\n", ""),
        ("3.10", "try:\n    pass\nexcept* OSError:\n    pass\n", "3.11"),
    ],
)
def test_syntax_of_a_later_python(look: Look, python: str, script: str, mention: str) -> None:
    found = [f for f in look(script, environment={"python": python, "pip": ["numpy"]}) if f.id == "script-syntax"]
    assert len(found) == bool(mention)
    assert mention in " ".join(f.message for f in found)


@pytest.mark.parametrize(
    ("environment", "rule", "mention"),
    [
        ({"pip": ["pytorch==1.0.2"]}, "package-gone", "write torch"),
        ({"pip": ["numpy", "os", "json"]}, "package-gone", "part of Python"),
        ({"conda": ["torch=2.1"]}, "package-gone", "write pytorch"),
        ({"conda": ["azureml-mlflow"]}, "package-gone", "under pip"),
        ({"pip": ["torch==2.1.0+cpu"]}, "gpu-unused", "+cpu"),
    ],
)
def test_more_packages_that_would_not_do(look: Look, environment: dict[str, object], rule: str, mention: str) -> None:
    found = look(environment=environment, target=RehearsalRules(paid=True, gpus=1))
    assert mention in " ".join(f"{f.message} {f.remedy}" for f in found if f.id == rule)


@pytest.mark.parametrize(
    ("script", "needs"),
    [
        ("import torch\nassert torch.cuda.is_available()\n", True),
        ("import torch\nif not torch.cuda.is_available():\n    raise RuntimeError('no GPU')\n", True),
        ("import tensorflow as tf\ngpus = tf.config.list_physical_devices('GPU')\nprint(gpus[0])\n", True),
        ("import torch\nif torch.cuda.is_available():\n    torch.nn.Linear(1, 1).cuda()\n", False),
        (
            "import tensorflow as tf\ngpus = tf.config.list_physical_devices('GPU')\nif gpus:\n    print(gpus[0])\n",
            False,
        ),
    ],
)
def test_what_requires_a_gpu(look: Look, script: str, needs: bool) -> None:
    found = look(script, pip=PIP, target=RehearsalRules(gpus=0))
    assert ("gpu-missing" in [f.id for f in found]) == needs


def test_an_array_is_held_against_the_memory_of_a_node(look: Look) -> None:
    node = RehearsalRules(memory_bytes=28 << 30)
    large = "import numpy as np\nN = 60_000\nx = np.zeros((N, 512, 512, 3), dtype='float32')\n"
    (finding,) = [f for f in look(large, target=node) if f.id == "memory-exceeded"]
    assert "189 GB" in finding.message
    assert "memory-exceeded" not in [
        f.id for f in look(large.replace("float32", "uint8").replace("60_", "20_"), target=node)
    ]
    assert "memory-exceeded" not in [f.id for f in look(large)]
    spread = "import torch\ntorch.randn(50_000, 3, 512, 512)\n"
    assert "memory-exceeded" in [f.id for f in look(spread, pip=PIP, target=node)]


def test_a_table_is_held_against_how_it_is_read(look: Look) -> None:
    files = {"data/labels.csv": "name\nM\xfcll\n".encode("latin-1")}
    read = ARGS + "import pandas as pd\npd.read_csv(os.path.join(args.data, 'labels.csv'))\n"
    found = [f for f in look(read, files=files) if f.id == "text-coding"]
    assert found[0].severity == "error"
    told = read.replace("'labels.csv')", "'labels.csv'), encoding='cp1252'")
    assert [f.severity for f in look(told, files=files) if f.id == "text-coding"] == ["warning"]


def test_weights_that_are_not_fetched(look: Look) -> None:
    script = "import torchvision\ntorchvision.models.resnet18(weights=None)\ntorchvision.datasets.FakeData()\n"
    assert "fetches" not in [f.id for f in look(script, pip=PIP)]


def test_backslashes_in_the_job_file_are_named(look: Look) -> None:
    found = look(source="code\\train", datasets={"data": {"path": "data\\cat"}})
    told = {f.id: f"{f.message} {f.remedy}" for f in found}
    assert "write source: code/train" in told["source-missing"]
    assert "write path: data/cat" in told["dataset-missing"]
