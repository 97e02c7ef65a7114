"""What a window shows, made from the model: frozen snapshots."""
