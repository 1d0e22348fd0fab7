"""Store pages one after the other, and say of each that it is stored: what the crash tests kill."""

import os
import random
import sys

from ecg_edge.errors import StoreError
from ecg_edge.store.result_store import Store


def result(number):
    return {"schema": "ecg-edge/result/1", "source": f"{number}.jpg", "status": "read", "verdict": "normal", "reason": None,
            "model": {"name": "cnn"}, "captured_at": None, "text": "x" * (500 * number)}  # fmt: skip


def picture(number):
    return random.Random(number).randbytes(3000 + 1000 * number)


def main(folder, first, stop):
    """Store pages `first` up to `stop`; a line `stored N` for each, `refused N` where the disk would not have it."""
    with Store(folder) as store:
        for number in range(int(first), int(stop)):
            try:
                store.add(result(number), picture(number), origin=str(number))
                text = f"stored {number}\n"
            except StoreError:
                text = f"refused {number}\n"
            os.write(1, text.encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
