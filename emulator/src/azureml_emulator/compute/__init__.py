"""Compute targets: clusters, their sizes, quota and nodes."""
