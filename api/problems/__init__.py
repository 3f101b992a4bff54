"""Turn errors into problem details (RFC 9457), list their types, and serve the pages that explain each type."""
