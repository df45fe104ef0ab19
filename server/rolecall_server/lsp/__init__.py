"""The LSP door: one server object per connection, translating the one road's events for an editor."""
