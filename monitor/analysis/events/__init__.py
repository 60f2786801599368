"""What changed between polls of a cluster: leaders, replicas, brokers, topics, configs, groups and their offsets."""
