"""Installs what is not Python: Java, jars, Debian packages, web assets and linters."""
