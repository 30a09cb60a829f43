"""One module for each command: DESCRIPTION, EXAMPLES, `configure(parser)` and `run(arguments) -> exit code`."""
