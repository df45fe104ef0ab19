"""How long tests wait on a machine that others use too."""

PATIENCE_S = 20.0
"""Added to every limit: what hangs for good is still found, what a busy machine delays is not."""
