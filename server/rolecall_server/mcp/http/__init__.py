"""``rolecall mcp --http``: the MCP door over streamable HTTP, for one machine or behind a proxy.

Each user (each token) has a server object of its own; all share the process's one runtime. Nothing is kept
between two requests but tasks, so that any client of either protocol era may come back on any connection.
"""
