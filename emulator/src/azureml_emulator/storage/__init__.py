"""Blob storage: Azurite, the real one, and what the services need of it."""
