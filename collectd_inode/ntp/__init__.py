"""NTP: the packet's rules, the sample, the vote, the pool's score, and the probe that queries servers."""
