"""The API's contract: response schemas and the conventions that /openapi.json is generated from."""
