"""What people decide about findings, and where that is kept."""
