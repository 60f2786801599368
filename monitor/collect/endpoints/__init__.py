"""Metrics endpoints of brokers: one GET in the background, the text of its response, and the names in it."""
