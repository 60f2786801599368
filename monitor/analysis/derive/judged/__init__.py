"""How every row of every subject is: its status, its level, since when, and why. No face judges for itself."""
