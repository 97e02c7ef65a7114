"""What is known of the watched programs: frames folded into bounded history."""
