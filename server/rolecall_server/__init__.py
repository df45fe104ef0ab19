"""The doors of Rolecall: LSP, MCP and the command line."""
