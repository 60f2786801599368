"""The screens of the terminal UI, one file a subject; `tui/registry.py` lists them."""
