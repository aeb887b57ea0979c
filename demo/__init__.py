"""The demonstration: a small site, a real collectd, and a report of what the plugin wrote."""
