"""Unit tests made from the code: arguments are searched for, outcomes are computed, nothing is executed."""
