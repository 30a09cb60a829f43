"""Logging in: which credential, from where, and what to say when there is none."""
