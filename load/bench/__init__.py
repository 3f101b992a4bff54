"""Measures: what Apache Bench's scenarios need and leave behind, and how long settling takes."""
