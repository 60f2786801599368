"""The core: reads Kafka into a Snapshot, works out what the numbers mean, and hands the faces a View."""
