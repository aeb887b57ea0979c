"""Feature files, the vocabulary, and the probe that replays a scenario."""
