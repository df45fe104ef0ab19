"""The MCP door: roles as tools and prompts, their results as resources, over any transport.

``server.create_server`` makes the server object for one connection, whatever carries it; ``stdio`` serves
it on this process's standard streams. Both protocol eras are served: the ``initialize`` handshake of
2025-11-25 and older, and the self-describing requests of 2026-07-28.
"""
