"""Reading Python source: definitions, guards, doctests. Nothing is executed."""
