"""The window: Qt, and the only package that knows it.

Importing the package itself loads no Qt, so that `preflight` can look first.
"""
