"""The third door: commands that do one thing and exit."""
