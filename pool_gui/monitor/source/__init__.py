"""What sends frames, and how it is started, heard and ended."""
