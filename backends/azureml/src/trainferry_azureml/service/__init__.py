"""Talking to Azure's services over HTTP: retries, errors in plain words, tokens."""
