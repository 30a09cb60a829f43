"""Ports of loopback for servers that start a moment later."""

import random
import socket
from contextlib import ExitStack, suppress

HOST = "127.0.0.1"
PORTS = range(20_000, 32_768)
"""Below the ports that a system gives to outgoing connections (Linux: from 32,768 on): nobody else comes by one of them
by chance between the moment it is chosen and the moment, seconds later, when somebody listens on it."""


def free_ports(count: int) -> list[int]:
    """So many different loopback ports that nobody listens on."""
    with ExitStack() as opened:
        ports: list[int] = []
        for port in random.sample(PORTS, len(PORTS)):
            if len(ports) == count:
                return ports
            one = opened.enter_context(socket.socket())
            with suppress(OSError):  # somebody listens there
                one.bind((HOST, port))
                ports.append(port)
    raise OSError("this machine has no free ports left")


def is_free(port: int) -> bool:
    """Whether nobody uses a port of loopback; 0 is none."""
    if not port:
        return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
