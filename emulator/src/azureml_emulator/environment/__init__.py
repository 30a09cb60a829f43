"""Environments: registered definitions, the curated ones, and their images."""
