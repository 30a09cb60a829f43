"""Datastores: named places in blob storage."""
