"""The head cards and the charts."""
