"""Metrics of runs."""
