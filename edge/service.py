"""What systemd is told, and the unit that it runs."""

import os
import socket
from contextlib import suppress


def notify(text):
    """Tell systemd a state, such as "READY=1" (sd_notify(3)); nothing where it did not start us. Whether it was told."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    # A name that begins with @ is in the abstract namespace.
    address = "\0" + address[1:] if address.startswith("@") else address
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as channel:
        # Never waited for: systemd that does not listen must not hold up the device.
        channel.sendto(text.encode(), address)
        return True
    return False
