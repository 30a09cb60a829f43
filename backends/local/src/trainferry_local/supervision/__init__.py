"""What runs inside the supervisor: a Python started with `-I -S`, so that a run begins within milliseconds.

Modules of this package import the standard library only, and of it only what the interpreter has loaded anyway, or
small C modules; what a failure or a distributed job needs on top is imported there. The client imports them as well:
both sides read and write the same files. None of them may import another part of Trainferry.
"""
