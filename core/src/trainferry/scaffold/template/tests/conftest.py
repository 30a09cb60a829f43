"""Opts in to the conformance kit."""

pytest_plugins = ["trainferry.testing.plugin"]
