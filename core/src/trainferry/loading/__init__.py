"""Reading and writing job files: YAML with the place of every key, and every problem told in plain words.

The way of a file: `reading` (bytes to text), `composing` (text to a tree with places), `building` (tree to data, with
scalars as `scalars` reads them), the spec's own validation, and `explaining` (what didn't fit, in words).
"""

from trainferry.loading.jobfile import dump_job, load_job

__all__ = ["dump_job", "load_job"]
