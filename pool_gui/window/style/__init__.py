"""How things look and read: theme, icons, numbers, plain text, widgets."""
