"""Datasets of a job: uploaded by content, registered as a version, or looked up in the cloud."""
