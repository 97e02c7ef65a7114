"""What stands around: sources, selection, bars, status, welcome."""
