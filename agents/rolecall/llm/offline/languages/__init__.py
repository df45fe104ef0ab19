"""Languages other than Python, read by their keywords, brackets and comments."""
