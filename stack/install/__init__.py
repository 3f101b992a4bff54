"""Installs everything outside the Python environment: Java, jars, Debian packages, web assets and linters."""
