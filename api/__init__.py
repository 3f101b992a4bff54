"""The HTTP door: authenticates, validates, decides, reserves, appends; answers only after the broker's ack."""
