"""Figures of kmon on a real cluster, printed and never asserted."""
