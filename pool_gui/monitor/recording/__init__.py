"""Recordings: what a source told, in a file, and the file as a source again."""
