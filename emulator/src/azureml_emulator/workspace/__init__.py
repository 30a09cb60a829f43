"""Workspaces and the discovery of their services."""
