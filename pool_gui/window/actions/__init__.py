"""What a person can do: actions, menus, toolbar, forms, dialogs."""
