"""One process for all of a user's editors and assistants: the relay that joins it, and the daemon itself."""
