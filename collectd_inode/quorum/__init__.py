"""Is it down, or only for one of us: the verdict of most probes, on the machine that has all their values."""
