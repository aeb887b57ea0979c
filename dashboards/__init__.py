"""Dashboards that are shipped, the commands that make and check them, and what other front ends and alarms need."""
