"""Whom we believe: CA stores, certificates, TLS profiles."""
