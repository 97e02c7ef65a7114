"""The command line, and what must be known before Qt starts; no Qt is imported here."""
