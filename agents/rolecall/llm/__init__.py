"""Talking to models: endpoint, pool, stream decoding, error classes, retry, breaker, offline provider."""
