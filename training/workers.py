"""Training on several workers: what Keras 3 leaves out for TensorFlow's MultiWorkerMirroredStrategy.

Each worker is one process, and reads its place in the cluster from the variable TF_CONFIG:

    {"cluster": {"worker": ["10.0.0.4:2222", "10.0.0.5:2222"]}, "task": {"type": "worker", "index": 0}}

Every worker starts from the same weights and trains on its own share of the images. After each step all apply the mean
of all gradients, so the result is that of one process that takes the whole batch. Without TF_CONFIG, or with one worker
in it, a Cluster stands for this process alone and leaves everything to Keras.
"""

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any

import keras
import tensorflow as tf

from images import Split


class BadCluster(Exception):
    """TF_CONFIG can't be used; the text says why."""


class Cluster:
    """This process's place among the workers that train together.

    `count` is the number of workers, `index` this one's from 0. With several workers, making a Cluster waits until all
    have started, and has to come before any other work of TensorFlow's. Raises BadCluster for an unusable TF_CONFIG.
    """

    def __init__(self) -> None:
        self.count, self.index = read_place(os.environ.get("TF_CONFIG", ""))
        self._strategy: Any = tf.distribute.MultiWorkerMirroredStrategy() if self.count > 1 else None

    @property
    def is_chief(self) -> bool:
        """Whether this is the one worker that writes the outputs."""
        return self.index == 0

    def scope(self) -> AbstractContextManager[Any]:
        """Context to build and compile the model in."""
        return self._strategy.scope() if self._strategy else contextlib.nullcontext()

    def share(self, split: Split) -> Split:
        """This worker's images: every `count`-th, and as many for each, since all have to take the same steps."""
        own = slice(self.index, len(split.files) - len(split.files) % self.count, self.count)
        return Split(split.classes, split.files[own], split.labels[own])

    def batch_size(self, whole: int) -> int:
        """Images that this worker takes each step, of `whole` over all workers; at least one."""
        return max(1, whole // self.count)

    def fit(
        self, model: keras.Model, train: tf.data.Dataset, validation: tf.data.Dataset, **options: Any
    ) -> dict[str, list[float]]:
        """`model.fit` on this worker's batches and all of the validation's; returns the history, alike everywhere."""
        if self._strategy:
            self._share_steps(model, train)
            train, validation = self._as_they_are(train), self._as_they_are(validation)
        return dict(model.fit(train, validation_data=validation, shuffle=False, verbose=2, **options).history)

    def _as_they_are(self, batches: tf.data.Dataset) -> tf.distribute.DistributedDataset:
        """Batches that the strategy passes on unchanged; left to itself it would split each over the workers again."""
        return self._strategy.distribute_datasets_from_function(lambda _context: batches)

    def _share_steps(self, model: keras.Model, batches: tf.data.Dataset) -> None:
        """Give the model the steps that Keras (3.15; its issue 20585) can't make for several workers itself.

        Its own sum each metric over a dimension that a metric doesn't have, and build the model from a batch of which
        each worker has a part. Here the build takes the shapes, and a step's metrics are the mean over the workers.
        """
        example = tuple(keras.KerasTensor(spec.shape, spec.dtype.name) for spec in batches.element_spec)
        with self._strategy.scope():
            model._symbolic_build(data_batch=example)  # noqa: SLF001  (fit's own way to build, with a batch it can read)
        model._maybe_symbolic_build = lambda **_: None  # noqa: SLF001  (done above)
        model.train_function = self._shared(model.train_step)
        model.test_function = self._shared(model.test_step)

    def _shared(self, step: Callable[[Any], Mapping[str, tf.Tensor]]) -> Callable[[Iterator[Any]], Any]:
        """`step` run by all workers at once on the next batch of each."""

        def run(iterator: Iterator[Any]) -> dict[str, tf.Tensor]:
            logs = self._strategy.run(step, args=(next(iterator),))
            return {name: self._strategy.reduce("MEAN", value, axis=None) for name, value in logs.items()}

        function: Callable[[Iterator[Any]], Any] = tf.function(run)
        return function


def read_place(tf_config: str) -> tuple[int, int]:
    """Number of workers and this one's index, from the text of TF_CONFIG; (1, 0) if it names no cluster.

    A `chief`, where there is one, is worker 0. Raises BadCluster for text that can't be used.
    """
    if not tf_config.strip():
        return 1, 0
    try:
        config = json.loads(tf_config)
        sizes = {role: len(addresses) for role, addresses in config.get("cluster", {}).items()}
        task = config.get("task", {})
        role, index = task.get("type", "worker"), int(task.get("index", 0))
    except (ValueError, TypeError, AttributeError) as error:
        raise BadCluster(f"TF_CONFIG is not a cluster and a task in JSON ({error})") from error
    if others := sorted(set(sizes) - {"chief", "worker"}):
        raise BadCluster(f"TF_CONFIG names {', '.join(others)}; this script trains with chief and workers only")
    if sizes and not 0 <= index < sizes.get(role, 0):
        raise BadCluster(f"TF_CONFIG gives this process the place {role} {index}, which its cluster does not have")
    return max(1, sum(sizes.values())), index + (sizes.get("chief", 0) if role == "worker" else 0)
