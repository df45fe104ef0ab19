"""Hardening without a model: what can be mended by rule is mended, the rest is named with line and remedy."""
