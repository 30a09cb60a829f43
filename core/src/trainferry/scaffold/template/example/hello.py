"""A script that knows nothing of Trainferry."""

import sys

print("hello", *sys.argv[2:])
