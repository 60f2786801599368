"""Communication with Kafka: the client, the codecs of its messages, and the schemas that kafka-python lacks."""
