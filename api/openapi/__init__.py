"""The API's contract: response schemas and the conventions that /openapi/openapi.json is generated from."""
