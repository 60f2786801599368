"""The requests of a poll, and how their responses become a Snapshot."""
