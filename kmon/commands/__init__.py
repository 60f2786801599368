"""One module a command, imported when the command runs: `run(args)` does the work and returns the exit code."""
