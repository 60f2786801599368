"""Rows of a View's tables as plain objects for JSON: whole numbers as integers, unknown as None with its reason."""
