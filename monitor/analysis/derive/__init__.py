"""Pure functions from a Snapshot to the tables of a View. No input, no output, no clock: time is an argument."""
