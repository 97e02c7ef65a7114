"""How each kind of pool is read; imported only where a program uses that kind."""
