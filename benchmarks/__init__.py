"""Figures that the README may claim: each is a command that prints a table, with a peer in the same run."""
