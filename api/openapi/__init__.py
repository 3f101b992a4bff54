"""Describe the API: the document /openapi/openapi.json is generated from these response schemas and conventions."""
