"""Whose an address is: this machine's, the network's that it is on, or anybody's."""

from __future__ import annotations

import ipaddress

LOCAL_NETWORKS = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))
"""Addresses of local networks, which nobody routes elsewhere (RFC 1918, RFC 4193)."""


def is_here(host: str | None) -> bool:
    """Whether a host's name or address, or None, is this machine's alone."""
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def is_local(address: str) -> bool:
    """Whether an IP address is of this machine or of a local network; ValueError where it is no address."""
    found = ipaddress.ip_address(address.partition("%")[0])
    return found.is_loopback or found.is_link_local or any(found in network for network in LOCAL_NETWORKS)
