"""Talking to Kafka: requests to many brokers at once on one I/O thread a cluster, with errors as data."""
