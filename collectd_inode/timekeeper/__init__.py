"""The own account of the machine's time daemon: whom it follows, since when, its error, its servers and their reach."""
