"""What syslogd would write: the datagrams of /dev/log, a line each."""

import socket
import sys

with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
    log.bind("/dev/log")
    while True:
        sys.stdout.write(log.recv(65536).decode(errors="replace").split(">", 1)[-1] + "\n")
        sys.stdout.flush()
