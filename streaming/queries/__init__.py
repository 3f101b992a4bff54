"""The structured-streaming queries: settle, land, and the recovery beside them."""
