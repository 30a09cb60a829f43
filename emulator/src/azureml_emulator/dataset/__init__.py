"""Datasets: registered names with versions, and saved definitions without a name."""
