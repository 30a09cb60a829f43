"""Artifacts: the files of runs, in blob storage."""
