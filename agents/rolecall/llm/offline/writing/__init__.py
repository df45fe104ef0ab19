"""The technical writer without a model: docstrings, references, guides and READMEs."""
