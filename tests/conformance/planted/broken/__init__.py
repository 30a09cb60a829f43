"""Backends with one mistake each. Each module says what is wrong, and names the test of the kit that is to catch it."""
