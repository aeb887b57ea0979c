"""The verdict of most probes, on the machine that has all their values: is it down, or only for one probe?"""
