"""The submit: what travels, how it is configured, and how it is found again."""
