"""Files: what may be read and written, what they hold now, and writing them safely."""
