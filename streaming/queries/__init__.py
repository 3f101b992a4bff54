"""The structured-streaming queries ``settle`` and ``land``, and the recovery manager."""
