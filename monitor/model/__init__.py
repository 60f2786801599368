"""The tables of a Snapshot and of a View, and the View itself: plain values that hold what others worked out."""
