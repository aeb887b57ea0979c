"""The demonstration: small servers, a real collectd that watches them, and what the plugin wrote."""
