"""From a model's answer to proposed edits: text in, ChangeSet out. Pure: no I/O, no clock, no settings."""
