"""A real Apache Kafka started from Python alone, and a workload on it: for the demo and for integration tests."""
