"""Snapshots: the source folders that travel with runs."""
