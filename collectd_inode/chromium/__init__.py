"""The engine with scripts: a Chromium of this machine, driven over a pipe, used as a person uses one."""
