"""From an answer's bytes to columns, without an object a row; tests/support/plain.py does the same through schemas."""
