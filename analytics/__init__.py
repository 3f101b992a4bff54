"""Provide the tools for analysts: ready-made queries, the report behind analysis.ipynb, and the SQL prompt."""
