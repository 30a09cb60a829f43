"""Ending a training when SIGTERM or Ctrl-C asks for it: a cancelled job, a node that is taken away."""

import os
import signal
import sys
import threading
from types import FrameType

import keras

GRACE_SECONDS = 3.0
"""Time to leave the training in good order before the process ends as it is."""


class Stopped(Exception):
    """A signal asked the training to end. Raised between two steps of the training."""


class StopRequest:
    """Waits for SIGTERM and SIGINT from `listen` on; `number` is that of the signal that came, else 0.

    The callback raises Stopped before the next step. Nothing is raised within TensorFlow: an exception that comes
    up in the middle of its work has it corrupt its memory, and the process then ends on SIGABRT now and then. Where no
    step begins, while images are read or TensorFlow waits for another worker that stopped earlier, the process ends
    GRACE_SECONDS after the signal.
    """

    def __init__(self) -> None:
        self.number = 0
        self._told = False

    def listen(self) -> None:
        """Take the signals over, also from a handler that was there before; to be called from the main thread."""
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        # Python writes the number of each signal there at once, wherever the main thread is.
        signal.set_wakeup_fd(writer)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note)
        threading.Thread(target=self._end_late, args=(reader,), daemon=True).start()

    def callback(self) -> keras.callbacks.Callback:
        """What has `fit` look for the signal before each step."""
        return keras.callbacks.LambdaCallback(on_train_batch_begin=self._check)

    def tell(self) -> int:
        """Tell the user, once, that the signal ended the training; returns the exit code, 128 + the signal's number."""
        if not self._told:
            self._told = True
            name = signal.Signals(self.number).name
            message = f"train.py: stopped by {name}: history.csv has the epochs done, no model was written"
            print(message, file=sys.stderr, flush=True)
        return 128 + self.number

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self.number = number

    def _check(self, batch: int, logs: object = None) -> None:  # noqa: ARG002  (Keras names them)
        if self.number:
            raise Stopped

    def _end_late(self, reader: int) -> None:
        self.number = os.read(reader, 1)[0]
        threading.Event().wait(GRACE_SECONDS)
        os._exit(self.tell())
