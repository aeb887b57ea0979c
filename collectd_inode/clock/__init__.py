"""This machine's clock: facts from the kernel and the machine, its steps, and the diagnosis."""
