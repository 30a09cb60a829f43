"""Opening what a command works with: settings from its options, the Ferry, the job."""

import argparse
import sys
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from trainferry.cli.output import Output
from trainferry.config import Config, load_config
from trainferry.plugins import PluginWarning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trainferry.ferry import Ferry
    from trainferry.specs.job import Job


def config_of(arguments: argparse.Namespace, output: Output, folder: Path | None = None) -> Config:
    """The settings for a command; warnings about them are printed."""
    config = load_config(
        folder,
        backend=getattr(arguments, "on", None),
        profile=getattr(arguments, "profile", None),
        settings=getattr(arguments, "set", ()),
    )
    for warning in config.warnings:
        output.say(f"warning: {warning}")
    return config


@contextmanager
def ferry_of(arguments: argparse.Namespace, output: Output, folder: Path | None = None) -> "Iterator[Ferry]":
    """A session; warnings about plugins and repairs of the run store are printed as plain lines."""
    from trainferry.ferry import Ferry  # noqa: PLC0415  (pydantic; light commands never come here)

    with warnings.catch_warnings():
        warnings.simplefilter("always", PluginWarning)
        warnings.showwarning = lambda message, *_args, **_more: output.say(f"warning: {message}")
        interactive = sys.stdin.isatty() and sys.stderr.isatty() and not output.json
        config, offline = config_of(arguments, output, folder), getattr(arguments, "offline", False)
        with Ferry(config, offline=offline, interactive=interactive) as ferry:
            yield ferry
            if ferry.repaired:
                output.say(f"warning: {ferry.repaired}")


def load_job(path: str) -> "tuple[Job, Path]":
    """The job in a file, and the folder that its project settings are looked for from."""
    from trainferry.specs.job import Job  # noqa: PLC0415

    return Job.load(path), Path(path).absolute().parent
