"""The witness of a rehearsal: a `sitecustomize.py` that a backend puts on the PYTHONPATH of the script.

It reads the variables TRAINFERRY_WITNESS_FILE (where to write its notes), _INPUTS (the folder of the datasets),
_NETWORK (`off`: refuse connections), _EPOCHS and _STEPS (caps of Keras' fit). Its notes are lines of JSON with `kind`,
`process` and `time`: `start`, `epoch`, `fit`, `write`, `input`, `host`, `connect`, `url`, `end`.
"""

from pathlib import Path

FOLDER = Path(__file__).parent
"""Folder that goes on the PYTHONPATH, or whose `sitecustomize.py` is copied to one that does."""
