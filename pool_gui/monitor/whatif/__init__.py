"""What a pool would do at another size: the last minutes of its load, replayed."""
