"""Secrets: the files that hold them, names that suggest one, and the redaction of output."""
