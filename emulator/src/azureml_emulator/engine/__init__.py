"""Executes submitted work on this machine: builds images, gives out nodes, runs scripts, brings back what they write.

`contract` is what the rest of the emulator needs to know; `engine.Engine` does it.
"""
