"""The `ferry` command: a thin skin over `trainferry.Ferry`, one module for each command below `cli.commands`."""
