"""One poll and the thread that repeats it: from Kafka to the Source of each face."""
