"""The terminal face: Views drawn with Textual."""
