"""Where this machine is on its network."""

import socket

from tests.harness.processes import HOST


def own_address() -> str:
    """The address a browser takes for its default one; loopback on a machine without a network.

    Firefox pairs no loopback address with its own candidates unless the page uses a camera.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # RFC 5737: nobody; nothing is sent
        except OSError:
            return HOST
        return str(probe.getsockname()[0])
