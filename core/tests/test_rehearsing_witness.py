"""The witness in a real process: what it sees of a script, and how it caps a `fit` that looks like Keras'."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from trainferry.rehearsing.witness import FOLDER

KERAS = {
    "keras/__init__.py": "from keras.src.backend.tensorflow.trainer import TensorFlowTrainer as Model\n",
    "keras/src/callbacks/callback.py": """
        class Callback:
            def on_train_begin(self, logs=None): pass
            def on_epoch_begin(self, epoch, logs=None): pass
            def on_epoch_end(self, epoch, logs=None): pass
            def on_train_batch_end(self, batch, logs=None): pass
            def on_train_end(self, logs=None): pass
    """,
    "keras/src/backend/tensorflow/trainer.py": """
        from keras.src.callbacks.callback import Callback

        class TensorFlowTrainer:
            def fit(self, x=None, y=None, batch_size=None, epochs=1, callbacks=None, validation_data=None,
                    initial_epoch=0, steps_per_epoch=None, validation_steps=None):
                self.seen = dict(epochs=epochs, steps=steps_per_epoch, x=x, first=initial_epoch)
                self.seen["validation"] = validation_data
                for epoch in range(initial_epoch, epochs):
                    for one in callbacks or (): one.on_epoch_begin(epoch)
                    for batch in range(steps_per_epoch or 3):
                        for one in callbacks or (): one.on_train_batch_end(batch)
                    for one in callbacks or (): one.on_epoch_end(epoch, {"loss": 1.0})
                for one in callbacks or (): one.on_train_end()
                return self.seen

        class Dataset:
            def __init__(self, count): self.count = count; self.element_spec = None
            def cardinality(self): return self.count
            def take(self, count): return Dataset(min(self.count, count))
    """,
}  # fmt: skip
"""A package with the shape of Keras 3 that trains nothing."""


class Stage:
    """A folder with a script, and the witness beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, text in KERAS.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
            for above in path.relative_to(folder).parents:
                if str(above) != ".":
                    (folder / above / "__init__.py").touch()
        (folder / "inputs").mkdir()
        self.notes = folder / "notes.jsonl"

    def run(self, script: str, **variables: str) -> tuple[str, list[dict[str, Any]]]:
        """What a script prints, and what the witness notes."""
        (self.folder / "train.py").write_text(textwrap.dedent(script))
        done = subprocess.run(
            [sys.executable, "train.py"],
            cwd=self.folder,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(FOLDER),
                "TRAINFERRY_WITNESS_FILE": str(self.notes),
                "TRAINFERRY_WITNESS_INPUTS": str(self.folder / "inputs"),
                "TRAINFERRY_WITNESS_EPOCHS": "2",
                "TRAINFERRY_WITNESS_STEPS": "4",
                **variables,
            },
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
            timeout=60,
        )
        lines = self.notes.read_text().splitlines() if self.notes.exists() else []
        return done.stdout + done.stderr, [json.loads(line) for line in lines]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def of(kind: str, notes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [note for note in notes if note["kind"] == kind]


def test_a_script_does_not_notice_the_witness(stage: Stage) -> None:
    said, notes = stage.run("""
        import sys
        print([entry for entry in sys.path if 'witness' in entry], sys.argv, __name__, __file__.endswith('train.py'))
    """)
    assert said == "[] ['train.py'] __main__ True\n"
    assert [note["kind"] for note in notes] == ["start", "end"]
    assert of("end", notes)[0]["peak"] > 1_000_000


def test_what_the_script_does_is_noted(stage: Stage) -> None:
    said, notes = stage.run("""
        import socket
        open('inputs/x', 'w').close()
        open('inputs/x').close()
        open('elsewhere', 'w').close()
        try:
            input('go on? ')
        except EOFError:
            print('nobody')
        try:
            socket.create_connection(('host.invalid', 80))
        except OSError:
            print('no way')
    """)
    assert said.endswith("nobody\nno way\n")
    assert [note["path"] for note in of("write", notes)] == [str(stage.folder / "inputs/x")]
    assert of("input", notes)[0]["prompt"] == "go on? "
    assert {note["host"] for note in of("host", notes)} == {"host.invalid"}


def test_without_a_network_nothing_but_this_machine_is_reached(stage: Stage) -> None:
    said, _ = stage.run(
        """
        import socket
        with socket.create_server(('127.0.0.1', 0)) as server:
            socket.create_connection(server.getsockname()).close()
            print('here')
        try:
            socket.create_connection(('192.0.2.1', 80), timeout=20)
        except OSError as error:
            print(error.errno)
        """,
        TRAINFERRY_WITNESS_NETWORK="off",
    )
    assert said == "here\n101\n"


@pytest.mark.parametrize(
    ("call", "seen"),
    [
        ("fit(epochs=50)", {"epochs": 2, "steps": None}),
        ("fit(None, None, 8, 50)", {"epochs": 2}),
        ("fit(epochs=1)", {"epochs": 1}),
        ("fit(epochs=50, initial_epoch=10)", {"epochs": 12, "first": 10}),
        ("fit(epochs=5, steps_per_epoch=100)", {"epochs": 2, "steps": 4}),
        ("fit(epochs=5, steps_per_epoch=2)", {"steps": 2}),
    ],
)
def test_fit_goes_through_fewer_epochs_and_steps(stage: Stage, call: str, seen: dict[str, Any]) -> None:
    said, notes = stage.run(f"import json, keras\nprint(json.dumps(keras.Model().{call}))")
    assert json.loads(said) | seen == json.loads(said)
    (fit,) = of("fit", notes)
    assert fit["epochs"] in (50, 40, 5, 1)
    assert fit["step"] >= 0
    assert len(of("epoch", notes)) == fit["ran"]


def test_a_dataset_is_cut_and_its_length_noted(stage: Stage) -> None:
    said, notes = stage.run("""
        import keras
        from keras.src.backend.tensorflow.trainer import Dataset
        seen = keras.Model().fit(Dataset(90), epochs=9, validation_data=Dataset(30))
        print(seen['x'].count, seen['validation'].count)
    """)
    assert said == "4 4\n"
    assert (of("fit", notes)[0]["steps"], of("fit", notes)[0]["epochs"]) == (90, 9)


def test_the_script_s_own_callbacks_stay(stage: Stage) -> None:
    said, notes = stage.run("""
        import keras
        from keras.src.callbacks.callback import Callback
        class Mine(Callback):
            def on_epoch_end(self, epoch, logs=None): print('mine', epoch)
        keras.Model().fit(epochs=3, callbacks=[Mine()])
    """)
    assert said == "mine 0\nmine 1\n"
    assert len(of("fit", notes)) == 1


def test_what_the_witness_cannot_do_costs_the_script_nothing(stage: Stage) -> None:
    said, _ = stage.run("print('well')", TRAINFERRY_WITNESS_FILE="/no/such/folder/notes")
    assert said == "the rehearsal can't watch this process\nwell\n" or said.startswith("well\n")
    said, _ = stage.run("import keras\nprint(keras.Model().fit(wrong=1))")
    assert "unexpected keyword argument 'wrong'" in said


def test_an_environment_s_own_sitecustomize_is_run(stage: Stage) -> None:
    own = stage.folder / "own"
    own.mkdir()
    (own / "sitecustomize.py").write_text("print('own')\n")
    said, notes = stage.run("print('script')", PYTHONPATH=f"{FOLDER}{os.pathsep}{own}")
    assert said == "own\nscript\n"
    assert of("start", notes)


def test_processes_that_the_script_starts_are_seen_too(stage: Stage) -> None:
    _, notes = stage.run("import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'input()'], stdin=-3)")
    assert len({note["process"] for note in of("start", notes)}) == 2
    assert of("input", notes)
