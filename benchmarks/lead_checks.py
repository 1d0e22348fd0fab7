"""What the checks of leads against each other make of leads that are right, and of leads that bear each other's names.

    python -m benchmarks.lead_checks --stride 4 --first 1

lays every fourth record (LUDB, PTB-XL's folds 1 to 8, seven other collections) out as pages of 12x1, 6x2+1 and 3x4+1 show it, without paper: what
is lost there is lost wrongly. Then it exchanges two limb leads that begin together, each two in turn, and counts how often that is seen.
"""

import argparse
import time
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import numpy as np

from ecg_edge.layout import LEADS_12, RHYTHM
from ecg_edge.trace.beat_agreement import odd_beats
from ecg_edge.trace.lead_identities import contradictions
from train import ludb, other_devices, records

RATE_HZ = 500
FOLDS = tuple(range(1, 9))
STRIP = LEADS_12.index("II")
COLUMNS = {"12x1": 1, "6x2+1": 2, "3x4+1": 4}


def hearts(folder: Path | None = None) -> Iterator[np.ndarray]:
    """Yield (12, 5000) mV at 500 Hz of each record."""
    for record in ludb.read_records(folder):
        yield ludb.signals(record)
    for record in records.read_records(folder, folds=FOLDS):
        yield records.signals(record)
    for record in other_devices.read_records(folder):
        yield records.upsample(other_devices.signals(record), RATE_HZ // 250)


def laid_out(heart: np.ndarray, columns: int) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """({place: mV}, {place: seconds at which it begins}) of a (12, n) heart on a page of so many columns, with a strip of II where there are several."""
    length, rows = heart.shape[1] // columns, len(LEADS_12) // columns
    firsts = {name: length * (number // rows) for number, name in enumerate(LEADS_12)}
    shown = {name: heart[number][firsts[name] :][:length] for number, name in enumerate(LEADS_12)}
    start_s = {name: first / RATE_HZ for name, first in firsts.items()}
    return (shown, start_s) if columns == 1 else (shown | {RHYTHM: heart[STRIP]}, start_s | {RHYTHM: 0.0})


def main(argv=None):
    """Print the table; see the module."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lead_checks", description=__doc__.splitlines()[0])
    parser.add_argument("--stride", type=int, default=1, help="every so many records (default all)")
    parser.add_argument("--first", type=int, default=0, help="the number of the first one, from 0")
    parser.add_argument("--data", type=Path)
    options = parser.parse_args(argv)
    kept = [heart for number, heart in enumerate(hearts(options.data)) if number % options.stride == options.first]
    print(
        "| layout | leads | lost by identities | pages with wrong names | leads with an odd beat | odd beats | ms of a page |\n|---|---|---|---|---|---|---|"
    )
    for layout, columns in COLUMNS.items():
        seen: Counter[str] = Counter()
        begin = time.process_time()
        for heart in kept:
            shown, start_s = laid_out(heart, columns)
            wrong, misnamed = contradictions(shown, start_s, RATE_HZ)
            odd = odd_beats(shown, start_s, RATE_HZ)
            seen.update(
                leads=len(shown), lost=len(wrong), misnamed=misnamed, odd=len(odd), beats=sum(map(len, odd.values()))
            )
        cost = (time.process_time() - begin) / max(len(kept), 1) * 1000
        print(
            f"| {layout} | {seen['leads']} | {seen['lost']} | {seen['misnamed']} | {seen['odd']} | {seen['beats']} | {cost:.1f} |"
        )
    print("\n| exchanged | 3x4+1: found | of | 6x2+1: found | of |\n|---|---|---|---|---|")
    for one, other in combinations(LEADS_12[:6], 2):
        cells = []
        for columns in (4, 2):
            found = [_is_found(*laid_out(heart, columns), one, other) for heart in kept]
            told = [answer for answer in found if answer is not None]
            cells += [f"{np.mean(told):.2f} | {len(told)}" if told else " | "]
        print(f"| {one}, {other} | {' | '.join(cells)} |")


def _is_found(shown, start_s, one, other):
    """Whether two leads that are exchanged are lost, or said to bear wrong names; None where they do not begin together."""
    if start_s[one] != start_s[other]:
        return None
    wrong, misnamed = contradictions(shown | {one: shown[other], other: shown[one]}, start_s, RATE_HZ)
    return misnamed or bool(wrong)


if __name__ == "__main__":
    main()
