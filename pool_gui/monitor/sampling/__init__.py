"""Thread states, read from outside: what each thread of another process does."""
