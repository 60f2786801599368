"""What the numbers of a Snapshot mean: pure functions that compute the rest of a View."""
