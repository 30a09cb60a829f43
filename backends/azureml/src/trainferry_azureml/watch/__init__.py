"""Watching runs: states, logs, files, metrics, cancel."""
