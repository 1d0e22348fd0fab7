"""Whether two machines say the same of the same pages: python tests/arm64/compare.py HERE THERE.

With the reference kernels every integer must be equal, with the default ones within two steps, and every verdict the same.
"""

import json
import sys
from pathlib import Path

MOST_STEPS = {"reference": 0, "default": 2}


def read(path):
    """{(runtime, page, model): line} of a file of `outputs`."""
    lines = map(json.loads, Path(path).read_text().splitlines())
    return {(line["runtime"], line["page"], line["model"]): line for line in lines}


def differences(here, there):
    """(problems, {kernel set: [values, equal ones, most steps between two]}) of two files' lines."""
    problems, counts = [], {kernels: [0, 0, 0] for kernels in MOST_STEPS}
    if here.keys() != there.keys() or not here:
        problems.append(f"not the same pages: {sorted(here.keys() ^ there.keys())}")
    for key in here.keys() & there.keys():
        for kernels, most in MOST_STEPS.items():
            a, b = here[key][kernels], there[key][kernels]
            if any(a[name] != b[name] for name in ("status", "verdict", "reason")):
                problems.append(
                    f"{key} {kernels}: {a['status']} {a['verdict']} here, {b['status']} {b['verdict']} there"
                )
            if a.get("input") != b.get("input"):
                problems.append(f"{key} {kernels}: the network's inputs differ")
            steps = [
                abs(x - y)
                for row, other in zip(a.get("output", []), b.get("output", []), strict=True)
                for x, y in zip(row, other, strict=True)
            ]
            counts[kernels][0] += len(steps)
            counts[kernels][1] += steps.count(0)
            counts[kernels][2] = max([counts[kernels][2], *steps])
            if steps and max(steps) > most:
                problems.append(f"{key} {kernels}: {max(steps)} steps apart")
    return problems, counts


def main(here, there):
    """Print what was compared; 1 where something is not as it must be."""
    here, there = read(here), read(there)
    problems, counts = differences(here, there)
    machines = {next(iter(lines.values()))["machine"] for lines in (here, there) if lines}
    print(f"{len(here)} readings on {' and '.join(sorted(machines))}")
    for kernels, (values, equal, most) in counts.items():
        print(f"{kernels} kernels: {equal} of {values} integers equal, {most} steps apart at most")
    for problem in problems:
        print(f"WRONG: {problem}")
    print("something differs" if problems else "every verdict is the same")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
