"""The technical writer without a model: docstrings, reference pages, guides and READMEs traced to the code."""
