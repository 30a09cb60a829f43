"""Faults on demand: rules that say which requests, nodes and builds go wrong, and how."""
