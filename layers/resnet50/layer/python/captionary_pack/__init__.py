"""The model layer: `__file__` tells a function where the pack's files lie, wherever layers are mounted."""
