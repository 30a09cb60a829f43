"""ferry config: settings and where they came from."""

import argparse

from trainferry.cli.format import table
from trainferry.cli.output import Output
from trainferry.cli.parser import settings_options
from trainferry.cli.session import config_of
from trainferry.config.keys import KEYS
from trainferry.errors import ConfigError
from trainferry.masking import is_secret_name, mask_text

DESCRIPTION = """Show every setting, its value and where it came from.

The last source wins: defaults, your own file, the project's file, a profile, TRAINFERRY_* variables, flags."""
EXAMPLES = [
    ("ferry config", "everything"),
    ("ferry config backend", "one value, for a script"),
    ("ferry config --profile cloud", "as it would be with a profile"),
]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("key", nargs="?", metavar="KEY", help="only this setting or table")
    settings_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0; 2 for a key that nobody set."""
    output = Output(arguments)
    config = config_of(arguments, output)
    values = config.values()
    if arguments.key is not None:
        values = [v for v in values if v.key == arguments.key or v.key.startswith(f"{arguments.key}.")]
        if not values and arguments.key.partition(".")[0] not in KEYS:
            raise ConfigError(f"there is no setting '{arguments.key}'", remedy=f"settings: {', '.join(KEYS)}")
        if not values:
            raise ConfigError(f"'{arguments.key}' is not set", remedy=f"set it once: --set {arguments.key}=VALUE")
    shown = [(v.key, "***" if is_secret_name(v.key) else v.value, v.origin) for v in values]
    output.document({"settings": {key: {"value": value, "origin": origin} for key, value, origin in shown}})
    if arguments.key is not None and len(shown) == 1 and shown[0][0] == arguments.key:
        output.answer(str(shown[0][1]))
    else:
        output.answer(
            table(("KEY", "VALUE", "FROM"), [(key, mask_text(str(value)), origin) for key, value, origin in shown])
        )
    return 0
