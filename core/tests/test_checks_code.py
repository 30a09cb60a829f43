"""The checks of what a script does: each rule fires in several forms, and not for what only resembles it."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trainferry import Finding
from trainferry.checks.code import SUBJECTS
from trainferry.specs import RehearsalRules

Look = Callable[..., list[Finding]]

KERAS = """\
import keras, numpy as np, os
m = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(1)])
x, y = np.ones((8, 4)), np.ones((8, 1))
"""
FIT = KERAS + "m.compile('sgd', 'mse')\nh = m.fit(x, y)\n"
ARGS = (
    "import argparse, os\nfrom pathlib import Path\n"
    "p = argparse.ArgumentParser(); p.add_argument('--data'); p.add_argument('--out', default='outputs')\n"
    "args = p.parse_args()\n"
)
POOL = "import multiprocessing as mp\ndef f(x): return x\n"
E, W, N = "error", "warning", "note"
CLOUD = RehearsalRules(paid=True, gpus=1)
PLAIN = RehearsalRules(paid=True, gpus=0)

FAILS = [
    ("local-path", E, "train = r'C:\\Users\\me\\images'\n", "C:\\Users"),
    ("local-path", E, "import pandas as pd\npd.read_csv('/home/me/train.csv')\n", "/home/me"),
    ("local-path", E, "CONFIG = {'train': 'D:/data/train', 'val': 'D:/data/val'}\n", "D:/data"),
    (
        "local-path",
        E,
        "import argparse\np = argparse.ArgumentParser()\np.add_argument('--root', default='/Users/me/d')\n"
        "p.parse_args()\n",
        "--root",
    ),
    ("local-path", W, "import os\nroot = '/home/me/data'\nif not os.path.exists(root):\n    root = '.'\n", "/home/me"),
    ("local-path", W, "import sys\nroot = 'C:/data' if sys.platform == 'win32' else '.'\n", "C:/data"),
    ("folder-missing", E, "from pathlib import Path\nPath('outputs/a/b').mkdir()\n", "outputs/a"),
    ("argument-missing", E, "import sys\nprint(sys.argv[3])\n", "sys.argv[3]"),
    ("exit-text", W, "import sys\nsys.exit('done')\n", "exit code 1"),
    ("folder-missing", E, FIT + "m.save('outputs/run1/model.keras')\n", "outputs/run1"),
    ("folder-missing", E, KERAS + "keras.callbacks.CSVLogger('outputs/log/h.csv')\n", "outputs/log"),
    ("folder-missing", E, "import numpy as np\nnp.save('outputs/a/b.npy', np.ones(3))\n", "outputs/a"),
    ("folder-missing", E, ARGS + "open(os.path.join(args.out, 'deep', 'a.txt'), 'w')\n", "outputs/deep"),
    ("folder-missing", W, ARGS + "if args.data:\n    open('outputs/deep/a.txt', 'w')\n", "outputs/deep"),
    ("dataset-written", E, ARGS + "open(os.path.join(args.data, 'cache.bin'), 'wb')\n", "errno 30"),
    ("dataset-written", E, ARGS + "Path(args.data, 'x').mkdir()\n", "read-only"),
    ("dataset-written", E, ARGS + "(Path(args.data) / 'x.txt').write_text('a')\n", "read-only"),
    ("dataset-written", E, ARGS + "os.remove(args.data + '/cat/1.jpg')\n", "read-only"),
    ("dataset-written", W, ARGS + "try:\n    open(args.data + '/a', 'w')\nexcept OSError:\n    pass\n", "read-only"),
    ("output-name", W, "import datetime\nopen(f'outputs/{datetime.datetime.now().isoformat()}.txt', 'w')\n", "':'"),
    ("output-name", W, "import time\nstamp = time.strftime('%H:%M')\nopen(f'outputs/{stamp}.txt', 'w')\n", "':'"),
    ("output-name", W, "open('outputs/a&b?.txt', 'w')\n", "'&'"),
    ("output-lost", W, FIT + "m.save('model.keras')\nopen('outputs/a', 'w')\n", "model.keras"),
    ("results-all-lost", E, FIT + "m.save('model.keras')\n", "outputs/"),
    (
        "results-all-lost",
        E,
        "import torch\ntorch.save({}, 'a.pt')\nclass M: pass\nm = M()\nm.save('weights.pt')\n",
        "outputs",
    ),
    ("file-nowhere", W, "open('lables.json')\n", "lables.json"),
    ("path-backslash", E, "open('conf\\\\labels.json')\n", "backslash"),
    ("import-outside", E, "from shared.io import load\n", "shared"),
    ("package-missing", E, "import cv2\n", "opencv"),
    ("package-missing", E, "from sklearn.model_selection import KFold\n", "scikit-learn"),
    ("package-missing", E, "def main():\n    import yaml\nmain()\n", "pyyaml"),
    ("package-missing", W, "import os\nif os.path.exists('x'):\n    import yaml\n", "pyyaml"),
    ("keras-file-name", E, FIT + "m.save('outputs/')\n", ".keras"),
    ("keras-file-name", E, FIT + "m.save(os.path.join('outputs', 'model'))\n", ".keras"),
    ("keras-file-name", E, FIT + "m.save_weights('outputs/w.h5')\n", ".weights.h5"),
    ("keras-file-name", E, KERAS + "keras.callbacks.ModelCheckpoint('outputs/best.hdf5')\n", ".keras"),
    (
        "keras-file-name",
        E,
        "from keras.callbacks import ModelCheckpoint as C\nC('outputs/w', save_weights_only=True)\n",
        ".weights.h5",
    ),
    ("keras-file-name", E, FIT + "m.save('outputs/m.keras', save_format='h5')\n", "save_format"),
    ("keras-file-name", W, FIT + "if len(x) > 3:\n    m.save('outputs/m')\n", ".keras"),
    ("metric-unknown", E, FIT + "print(h.history['acc'])\n", "'acc'"),
    ("metric-unknown", E, FIT + "print(h.history['val_loss'])\n", "val_loss"),
    (
        "metric-unknown",
        E,
        KERAS + "m.compile('sgd', 'mse', metrics=['accuracy'])\nlog = m.fit(x, y).history\nlog['acc']\n",
        "acc",
    ),
    ("metric-unknown", E, FIT + "keras.callbacks.ModelCheckpoint('outputs/{val_acc:.2f}.keras')\n", "val_acc"),
    ("monitor-unknown", W, FIT + "keras.callbacks.EarlyStopping(monitor='val_loss')\n", "val_loss"),
    ("monitor-unknown", W, FIT + "keras.callbacks.ReduceLROnPlateau('val_accuracy')\n", "val_accuracy"),
    ("api-gone", E, KERAS + "keras.optimizers.Adam(lr=1e-3)\n", "learning_rate"),
    ("api-gone", E, FIT + "m.fit_generator(x)\n", "fit"),
    ("api-gone", E, FIT + "m.fit(x, y, workers=4)\n", "workers"),
    ("api-gone", E, "import tensorflow as tf\ntf.placeholder(tf.float32)\n", "placeholder"),
    ("api-gone", E, "from keras.utils import np_utils\n", "np_utils"),
    ("api-gone", E, "from PIL import Image\nImage.open('x').resize((1, 1), Image.ANTIALIAS)\n", "LANCZOS"),
    (
        "keras-call",
        E,
        ARGS + "import keras\nkeras.utils.image_dataset_from_directory(args.data, validation_split=0.2, "
        "subset='training')\n",
        "seed",
    ),
    (
        "class-count",
        E,
        ARGS + "import keras\nds = keras.utils.image_dataset_from_directory(args.data, label_mode='categorical')\n"
        "keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(5, activation='softmax')])\n",
        "3 classes",
    ),
    (
        "class-count",
        W,
        ARGS + "import keras\nds = keras.utils.image_dataset_from_directory(args.data)\n"
        "N = 10\nkeras.Sequential([keras.layers.Dense(N, 'softmax')])\n",
        "10 units",
    ),
    ("dataset-lacks", E, ARGS + "import keras\nkeras.utils.image_dataset_from_directory(args.data + '/Cat')\n", "cat?"),
    ("dataset-lacks", E, ARGS + "import pandas as pd\npd.read_csv(os.path.join(args.data, 'a.csv'))\n", "a.csv"),
    ("variable-unset", E, "import os\nkey = os.environ['MY_KEY']\n", "MY_KEY"),
    ("variable-unset", W, "import os\nkey = os.getenv('MY_KEY')\n", "MY_KEY"),
    ("sign-in", W, "from azureml.core import Workspace\nWorkspace.from_config()\n", "from_config"),
    ("sign-in", W, "import os\nos.system('az login')\n", "az login"),
    ("asks", E, "name = input('name')\n", "input()"),
    ("asks", E, "import getpass\ngetpass.getpass()\n", "getpass"),
    ("asks", W, ARGS + "if not args.data:\n    input('where? ')\n", "input()"),
    ("needs-screen", E, "import matplotlib\nmatplotlib.use('TkAgg')\n", "TkAgg"),
    ("needs-screen", E, "import matplotlib.pyplot as plt\nplt.switch_backend('qt5agg')\n", "qt5agg"),
    ("plot-shown", N, "import matplotlib.pyplot as plt\nplt.show()\n", "savefig"),
    ("fetches", N, "import keras\nkeras.applications.MobileNetV2(weights='imagenet')\n", "imagenet"),
    ("fetches", N, "import tensorflow as tf\ntf.keras.datasets.mnist.load_data()\n", "mnist"),
    ("no-main-guard", E, POOL + "mp.set_start_method('spawn')\nmp.Pool(2).map(f, [1])\n", "__main__"),
    ("no-main-guard", E, POOL + "ctx = mp.get_context('spawn')\nctx.Process(target=f).start()\n", "__main__"),
    (
        "no-main-guard",
        E,
        POOL + "mp.set_start_method('spawn')\ndef main():\n    mp.Pool(2).map(f, [1])\nmain()\n",
        "__main__",
    ),
    ("error-swallowed", W, "try:\n    1 / 0\nexcept Exception as e:\n    print(e)\n", "output"),
    (
        "error-swallowed",
        W,
        "def main(): pass\nif __name__ == '__main__':\n    try:\n        main()\n    except:\n        pass\n",
        "output",
    ),
    ("exit-code-lost", W, "import os\nos.system('python x.py | tee log')\n", "python x.py"),
    ("exit-code-lost", W, "import subprocess\nsubprocess.run(['bash', '-c', 'python x.py; echo done'])\n", "';'"),
    ("not-picklable", W, FIT + "import pickle\npickle.dump(h, open('outputs/h', 'wb'))\n", "pickle"),
    ("not-picklable", E, "import pickle\npickle.dump(lambda: 1, open('outputs/h', 'wb'))\n", "pickle"),
    ("not-json", E, "import json, numpy as np\njson.dump(np.ones(2), open('outputs/h', 'w'))\n", "JSON"),
    ("not-json", W, FIT + "import json\njson.dump(h.history, open('outputs/h', 'w'))\n", "float32"),
    ("parameter-long", W, "import mlflow\nmlflow.log_param('a', 'x' * 501)\n", "500"),
    ("parameter-long", W, "import mlflow\nmlflow.log_params({str(i): i for i in range(101)})\n", "100"),
    ("parameter-long", W, "import mlflow, sys\nmlflow.log_param('argv', str(sys.argv))\n", "500"),
    ("log-encoding", W, "print('\\u2713 done')\n", "UTF-8"),
    ("checkpoints-pile-up", W, KERAS + "keras.callbacks.ModelCheckpoint('outputs/{epoch}.keras')\n", "disk"),
    ("outputs-large", W, "for e in range(3):\n    open(f'outputs/{e}', 'wb').write(b'0' * 100_000_000)\n", "300 MB"),
    ("outputs-large", W, "for e in range(5000):\n    open(f'outputs/{e}', 'w').write('a')\n", "5,000 files"),
    ("locked-on-mount", W, "import h5py\nh5py.File('outputs/a.h5', 'a')\n", "h5"),
    ("locked-on-mount", W, "import sqlite3\nsqlite3.connect('outputs/a.db')\n", "SQLite"),
    ("installs", W, "import os\nos.system('pip install timm')\n", "pip install"),
    ("notebook-leftover", E, "get_ipython().system('ls')\n", "notebook"),
    ("guard-never-holds", W, "if __name__ == 'main':\n    print(1)\n", "main"),
    ("script-syntax", E, "%matplotlib inline\n", "notebook"),
    ("script-missing", E, "import subprocess\nsubprocess.run(['bash', '-c', 'bash run.sh'])\n", "run.sh"),
    ("package-needed", E, KERAS + "keras.utils.plot_model(m)\n", "pydot"),
]

QUIET = ("check-broken", "error-swallowed", "output-name", "file-nowhere", "monitor-unknown", "api-gone")
"""Warnings that what is in order must not get either."""

PASSES = {
    "a folder that is made": KERAS + "os.makedirs('outputs/a', exist_ok=True)\nm.save('outputs/a/m.keras')\n",
    "a folder made by pathlib": KERAS
    + "from pathlib import Path\nd = Path('outputs') / 'a'\nd.mkdir(parents=True)\nm.save(d / 'm.keras')\n",
    "a folder made for an argument": ARGS + "os.makedirs(os.path.join(args.out, 'x'))\nopen(args.out + '/x/a', 'w')\n",
    "a folder that a callback makes": KERAS
    + "keras.callbacks.ModelCheckpoint('outputs/c/m.keras')\nopen('outputs/c/a', 'w')\n",
    "an optional package": "try:\n    import wandb\nexcept ImportError:\n    wandb = None\n",
    "an import for types only": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import wandb\n",
    "packages that others bring": "import numpy, h5py, absl, google.protobuf, requests\nfrom PIL import Image\n",
    "a variable with a default": "import os\nos.environ.get('X', '1')\nos.getenv('HOME')\nos.environ['PATH']\n",
    "a variable that is looked for": "import os\nif 'KEY' in os.environ:\n    os.environ['KEY']\n",
    "a variable that the script sets": "import os\nos.environ['KEY'] = '1'\nos.environ['KEY']\n",
    "a path in a docstring or help": '"""Data lies in /home/me/data or C:\\\\data."""\nimport argparse\n'
    "p = argparse.ArgumentParser(); p.add_argument('--data', help='such as /home/me/data'); p.parse_args()\n",
    "paths that a node has": "import os\nos.makedirs('/tmp/x', exist_ok=True)\nos.path.exists('/mnt/azureml')\n",
    "a part of an address": "import requests\nrequests.get('https://example.com' + '/home/index')\n",
    "the default of an option that is given": "import argparse\np = argparse.ArgumentParser()\n"
    "p.add_argument('--data', default='/home/me/x')\np.parse_args()\n",
    "a time without colons": "import datetime\nt = datetime.datetime.now().strftime('%Y-%m-%d-%H-%M')\n"
    "open(f'outputs/{t}.txt', 'w')\nopen('outputs/' + str(datetime.datetime.now()).replace(':', '-'), 'w')\n",
    "a model that is saved if asked to": FIT + ARGS + "if args.data == 'x':\n    m.save('m.keras')\n",
    "a name with fields that Keras fills": KERAS + "keras.callbacks.ModelCheckpoint('outputs/{loss:.2f}.keras')\n",
    "arguments that are counted": "import sys\nif len(sys.argv) > 5:\n    print(sys.argv[5])\n",
    "an end with a number": "import sys\nsys.exit(0)\n",
    "a temporary file": "import tempfile, os\nopen(os.path.join(tempfile.mkdtemp(), 'a'), 'wb').write(b'x')\n",
    (
        "a file that is written and read again"
    ): "import json\njson.dump([1], open('c.json', 'w'))\njson.load(open('c.json'))\n",
    "a history with its own keys": KERAS + "m.compile('sgd', 'mse', metrics=['mae'])\n"
    "h = m.fit(x, y, validation_split=0.5)\nh.history['val_loss'], h.history['val_mae'], h.history['mae']\n",
    "a metric object": KERAS + "m.compile('sgd', 'mse', metrics=[keras.metrics.AUC()])\nm.fit(x, y).history['auc']\n",
    "a dict that is no history": FIT + "h = {'acc': 1}\nh['acc']\nother = {'history': {}}\nother['history']\n",
    "names that Keras 3 takes": FIT
    + "m.save('outputs/m.keras')\nm.save('outputs/m.h5')\nm.save_weights('outputs/m.weights.h5')\n",
    "a save that is no model's": (
        "from PIL import Image\nimport keras\nImage.new('RGB', (1, 1)).save('outputs/a.png')\n"
    ),
    "a name that isn't known": ARGS + KERAS + "m.save(args.name)\nm.save(f'outputs/{args.name}')\n",
    "a guard for the GPU": (
        "import tensorflow as tf\ng = tf.config.list_physical_devices('GPU')\nif g:\n    print(g[0])\n"
    ),
    "processes by fork": POOL + "with mp.Pool(2) as p: print(p.map(f, [1, 2]))\n",
    "processes below a guard": POOL
    + "if __name__ == '__main__':\n    mp.set_start_method('spawn')\n    mp.Pool(2).map(f, [1])\n",
    "an exception that is handled": (
        "import traceback\ntry: 1/0\nexcept ZeroDivisionError: traceback.print_exc()\nraise SystemExit(0)\n"
    ),
    (
        "an exception that is raised again"
    ): "def main(): pass\ntry:\n    main()\nexcept Exception as e:\n    print(e)\n    raise\n",
    "a method called input": "class A:\n    def input(self): return 1\nA().input()\n",
    "Agg": "import matplotlib\nmatplotlib.use('Agg')\nimport matplotlib.pyplot as plt\nplt.savefig('outputs/a.png')\n",
    "a function that is never called": "def ask():\n    return input()\n",
    "classes that fit": ARGS + "import keras\nds = keras.utils.image_dataset_from_directory(args.data)\n"
    "keras.Sequential([keras.layers.Dense(64, 'relu'), keras.layers.Dense(3)])\n",
    "no labels": ARGS + "import keras\nkeras.utils.image_dataset_from_directory(args.data, labels=None)\n",
    "western letters": "print('é ü ñ €')\n",
    "a shell that fails": "import subprocess\nsubprocess.run(['bash', '-c', 'set -e; echo a; echo b'], check=True)\n",
    "parse_known_args": "import argparse\np = argparse.ArgumentParser()\nargs, _ = p.parse_known_args()\n",
    "sys.argv": "import sys\nprint(sys.argv[1:])\n",
    "numbers in place of arrays": "import json, numpy as np\njson.dumps(np.ones(2).tolist())\n",
    "a short parameter": (
        "import os\ntry:\n    import mlflow\n    mlflow.log_param('a', 'x' * 20)\nexcept ImportError: pass\n"
    ),
}


@pytest.mark.parametrize(("rule", "severity", "script", "mention"), FAILS)
def test_what_would_fail_is_found(look: Look, rule: str, severity: str, script: str, mention: str) -> None:
    found = look(script, files={"shared/io.py": "def load(): pass\n"}, target=RehearsalRules())
    mine = [finding for finding in found if finding.id == rule]
    assert mine, [f"{finding.id}: {finding.message}" for finding in found]
    assert any(mention in f"{finding.message} {finding.remedy}" and finding.severity == severity for finding in mine), (
        mine
    )
    assert all(finding.line for finding in mine)
    assert "check-broken" not in [finding.id for finding in found]


@pytest.mark.parametrize("script", PASSES.values(), ids=PASSES)
def test_what_is_in_order_is_not_rejected(look: Look, script: str) -> None:
    found = look(script, target=RehearsalRules())
    assert [f"{f.id}: {f.message}" for f in found if f.severity == "error" or f.id in QUIET] == []


@pytest.mark.parametrize(
    ("files", "script", "expected"),
    [
        ({"src/.gitignore": "*.json\n", "src/labels.json": "[]"}, "open('labels.json')\n", "file-excluded"),
        ({"labels.json": "[]"}, "open('labels.json')\n", "file-outside"),
        ({"src/config.json": "{}"}, "open('Config.json')\n", "path-case"),
        ({"src/utils.py": ""}, "import Utils\n", "import-case"),
        ({"src/.ferryignore": "models/\n", "src/models/__init__.py": ""}, "import models\n", "import-excluded"),
        ({"src/conf/local/.gitkeep": ""}, "import os\nassert os.path.isdir('conf/local')\n", "folder-empty"),
        ({"src/random.py": ""}, "import random\n", "module-shadowed"),
        ({"src/a/b.txt": "x"}, "open('data/cat/1.jpg', 'rb')\n", "dataset-by-path"),
        ({"src/run.sh": "set -e\r\n"}, "import subprocess\nsubprocess.run(['bash', 'run.sh'])\n", "shell-crlf"),
        ({"src/key.py": "K = 'AKIAABCDEFGHIJKLMNOP'\n"}, "import key\n", "secret-travels"),
        ({"src/kaggle.json": "{}"}, "print(1)\n", "secret-travels"),
        ({"src/pkg/__init__.py": "", "src/pkg/deep.py": "import cv2\n"}, "from pkg import deep\n", "package-missing"),
        ({"src/helper.py": "x = 'C:/Users/me'\n"}, "import helper\n", "local-path"),
        ({"src/c.json": '{"train_dir": "C:\\\\data\\\\x"}'}, "open('c.json')\n", "local-path"),
        ({"src/c.yaml": "data:\n  root: /home/me/data\n"}, "open('c.yaml')\n", "local-path"),
        ({"src/broken.py": "def f(:\n"}, "import broken\n", "script-syntax"),
    ],
)
def test_files_beside_the_script(look: Look, files: dict[str, str], script: str, expected: str) -> None:
    assert expected in [finding.id for finding in look(script, files=files)]


@pytest.mark.parametrize(
    ("files", "script"),
    [
        ({"src/c.yaml": "root: data\nurl: https://x.y/home/z\n"}, "open('c.yaml')\n"),
        ({"src/old.yaml": "root: /home/me/data\n"}, "print(1)\n"),
        ({"src/labels.json": "[]"}, "open('labels.json')\nopen('./labels.json')\n"),
        (
            {"src/pkg/mod.py": "from . import other\n", "src/pkg/other.py": ""},
            "from pkg.mod import other\nimport pkg.other\n",
        ),
        ({"src/lib/thing.py": ""}, "import sys\nsys.path.append('lib')\nimport thing\n"),
        ({"src/run.sh": "set -e\n"}, "import subprocess\nsubprocess.run(['bash', 'run.sh'], check=True)\n"),
        ({"src/tests/test_it.py": "import pytest, nonsense\n"}, "print(1)\n"),
        ({"src/train.py": "import os\r\nprint(os)\r\n"}, "import os\r\nprint(os)\r\n"),
        ({"src/conf/a.json": "{}"}, "import os\nassert os.path.isdir('conf')\nos.listdir('conf')\n"),
        (
            {"src/conf/a.json": "{}"},
            "from pathlib import Path\n(Path(__file__).parent / 'conf' / 'a.json').read_text()\n",
        ),
    ],
)
def test_files_that_travel_are_found(look: Look, files: dict[str, str], script: str) -> None:
    assert [f.id for f in look(script, files=files) if f.severity == "error" or "nowhere" in f.id] == []


def test_the_target_decides_what_a_gpu_and_the_internet_mean(look: Look) -> None:
    gpu = "import tensorflow as tf\nprint(tf.config.list_physical_devices('GPU')[0])\n"
    assert "gpu-missing" in [f.id for f in look(gpu, target=PLAIN)]
    assert "gpu-missing" not in [f.id for f in look(gpu, target=CLOUD)]
    assert "gpu-unused" in [f.id for f in look(pip=["tensorflow-cpu"], target=CLOUD)]
    assert "gpu-unused" not in [f.id for f in look(pip=["tensorflow[and-cuda]==2.21.0"], target=CLOUD)]
    fetch = "import keras\nkeras.applications.VGG16()\n"
    (finding,) = [f for f in look(fetch, target=RehearsalRules(network=False)) if f.id == "fetches"]
    assert finding.severity == "warning"
    (finding,) = [f for f in look(fetch, rehearse={"network": False}) if f.id == "fetches"]
    assert finding.severity == "warning"


def test_a_batch_is_held_against_the_memory_of_the_gpu(look: Look) -> None:
    script = "import keras\nkeras.applications.ResNet152(weights=None)\n"
    large = ["--data", "${{ datasets.data }}", "--batch_size", "1024", "--image_size", "512"]
    (finding,) = [f for f in look(script, arguments=large, target=CLOUD) if f.id == "gpu-memory"]
    assert "memory" in finding.message
    assert "a batch of at most" in finding.remedy
    small = ["--data", "${{ datasets.data }}", "--batch_size", "8"]
    assert "gpu-memory" not in [f.id for f in look(script, arguments=small, target=CLOUD)]


def test_keras_2_takes_names_that_keras_3_refuses(look: Look) -> None:
    script = (
        FIT
        + "m.save('outputs/')\nm.save_weights('outputs/w.h5')\nm.fit(x, y, workers=2)\nkeras.optimizers.Adam(lr=1)\n"
    )
    found = look(script, pip=["tensorflow==2.15.1"], environment={"python": "3.10", "pip": ["tensorflow==2.15.1"]})
    assert [f.id for f in found if f.severity == "error"] == []


@pytest.mark.parametrize(("python", "errors"), [("3.11", 0), ("3.12", 1), ("3.13", 1)])
def test_modules_that_python_took_out(look: Look, python: str, errors: int) -> None:
    found = look("import imp\n", environment={"python": python, "pip": ["numpy"]})
    assert [f.id for f in found if f.severity == "error"] == ["module-of-python"] * errors


def test_several_nodes_need_a_script_that_shares_the_work(look: Look) -> None:
    spread = {"kind": "tensorflow", "nodes": 4}
    compute = {"name": "c", "max_nodes": 4}
    assert "distribution-unused" in [f.id for f in look(distribution=spread, compute=compute)]
    shared = "import tensorflow as tf\ntf.distribute.MultiWorkerMirroredStrategy()\n"
    assert "distribution-unused" not in [f.id for f in look(shared, distribution=spread, compute=compute)]
    assert "nodes-too-many" in [f.id for f in look(shared, distribution=spread, compute={"name": "c", "max_nodes": 2})]


def test_nodes_that_may_be_taken_away_need_a_script_that_resumes(look: Look) -> None:
    low = {"name": "c", "size": "s", "priority": "low"}
    assert "preemption-unprepared" in [f.id for f in look(FIT, compute=low)]
    resumes = FIT + "keras.callbacks.BackupAndRestore('outputs/backup')\n"
    assert "preemption-unprepared" not in [f.id for f in look(resumes, compute=low)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from([line for _, _, script, _ in FAILS for line in script.splitlines()]), max_size=8))
def test_no_script_breaks_a_check(look: Look, lines: list[str]) -> None:
    """Lines in any order, most of them no program at all: every subject copes."""
    assert "check-broken" not in [finding.id for finding in look("\n".join(lines))]
    assert SUBJECTS


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.from_regex(r"(outputs|logs)(/[a-z]{1,3}){0,2}/[a-z]{1,5}\.(keras|h5)", fullmatch=True))
def test_a_model_below_a_folder_that_is_made_is_saved(look: Look, path: str) -> None:
    folder = path.rpartition("/")[0]
    made = look(FIT + f"os.makedirs('{folder}', exist_ok=True)\nm.save('{path}')\n")
    assert [f.id for f in made if f.id in ("folder-missing", "keras-file-name", "output-lost")] == []
    missing = "folder-missing" in [f.id for f in look(FIT + f"m.save('{path}')\n")]
    assert missing == ("/" in folder and path.endswith(".keras"))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.from_regex(r"([A-Z]:\\[a-z]{2,8}\\[a-z]{1,8})|(/(home|Users)/[a-z]{1,8}/[a-z]{1,8})", fullmatch=True))
def test_a_path_of_a_laptop_is_found_in_any_form(look: Look, path: str) -> None:
    for form in (
        f"x = {path!r}\n",
        f"open({path!r})\n",
        f"import os\nos.path.join({path!r}, 'a')\n",
        f"f(root={path!r})\n",
    ):
        assert "local-path" in [finding.id for finding in look(form)]
