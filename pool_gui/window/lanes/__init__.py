"""The worker lanes."""
