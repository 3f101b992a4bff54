"""Plan random requests from a seed, send them to the API, and record the requests and responses as a history."""
