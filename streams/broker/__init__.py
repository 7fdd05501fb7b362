"""The log on Kafka: one topic, its messages, and both ends of it. Only the modules that talk to a broker import its
clients, so that the embedded profile runs without them."""
