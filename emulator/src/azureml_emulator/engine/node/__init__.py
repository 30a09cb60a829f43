"""What runs on a node: an agent that prepares the node's folder, starts the processes, and ends them all.

Started with `-I -S` in a process of its own. Modules here import the standard library and each other, nothing else of
the emulator, so that an agent starts within milliseconds.
"""
