"""The workspace: finding it, opening it, creating it."""
