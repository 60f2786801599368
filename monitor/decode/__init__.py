"""From the bytes of an answer to columns, without an object a row; `plain` does the same through kafka-python's schemas."""
