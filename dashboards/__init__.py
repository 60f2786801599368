"""The web face: Views drawn with Dash."""
