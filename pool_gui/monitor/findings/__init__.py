"""What is wrong with a pool, as findings: small rules over what is known of it."""
