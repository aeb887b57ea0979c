"""Trust: CA stores, certificates, TLS profiles."""
