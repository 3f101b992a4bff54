"""Problem details (RFC 9457): the catalogue of types, the mapping from errors and the pages that explain them."""
