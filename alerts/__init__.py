"""Alert rules over Views, their evaluation and their delivery."""
