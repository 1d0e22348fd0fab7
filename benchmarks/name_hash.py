"""Numbers that belong to names: splits, orders and seeds that no run chooses."""

import hashlib


def share(*words: str) -> float:
    """A number in 0..1 that belongs to the words: the same everywhere and for ever."""
    return int.from_bytes(hashlib.sha256("/".join(words).encode()).digest()[:8], "big") / 2**64
