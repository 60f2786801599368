"""From an answer's bytes to columns, without an object a row; `plain` does the same through kafka-python's schemas."""
