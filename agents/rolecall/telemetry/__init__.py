"""Logs and metrics (contract section 10)."""
