"""The cluster: reused if it fits, created if absent, waited for, removed."""
