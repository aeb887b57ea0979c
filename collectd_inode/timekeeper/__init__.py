"""The own account of the machine's time daemon: its source, its last update, its error, its servers and their reach."""
