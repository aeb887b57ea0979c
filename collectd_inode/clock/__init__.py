"""This machine's clock: what the kernel and the machine say of it, whether it was stepped, what is wrong."""
