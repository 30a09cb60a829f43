"""The tests of the kit, one module for each promise or hook. `trainferry.testing.suite` gathers them."""

from importlib import import_module
from pkgutil import iter_modules


def names() -> list[str]:
    """The name of every test of the kit."""
    modules = (import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__))
    return [name for module in modules for name in vars(module) if name.startswith("test_")]
