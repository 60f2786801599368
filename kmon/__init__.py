"""The front door: commands, wiring and the demo cluster. It imports every room; no room imports it."""
