"""python -m benchmarks check: whether accuracy, reading or ratios of time have fallen below what is kept in benchmarks/results.

What is measured, where its figures stand and how far they may move are data: `limits.json` beside this file. A figure is a number of a
result's JSON (`of`), or a quotient of two (`over`). It may lie below the kept one by `may_fall`, or by the share `may_fall_by` of it, or
above by `may_rise`: what repeating the measurement without a change moves. Accuracy is scored from the kept probabilities and reading is
repeatable, so that these are small; times go by turns in one run, as processor time, and their quotients alone are compared.
"""

import contextlib
import importlib
import io
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

LIMITS = Path(__file__).with_name("limits.json")
KEPT = Path("benchmarks/results")


class Compared(NamedTuple):
    """A figure, as kept and as it is now; `limit` is the last value that it may have."""

    what: str
    kept: float
    now: float
    limit: float
    may_rise: bool

    @property
    def holds(self) -> bool:
        """Whether the figure is no worse than its limit."""
        return self.now <= self.limit if self.may_rise else self.now >= self.limit


def find(found: object, path: list) -> float:
    """The number at a path of keys; a dict in the path chooses the one element of a list that has these values.

    Raises
    ------
    LookupError : nothing is there; the message says where it ends.
    """
    for step in path:
        if isinstance(step, dict):
            fitting = [each for each in found if step.items() <= each.items()]
            if len(fitting) != 1:
                raise LookupError(f"{len(fitting)} entries are {step}, of {path}")
            found = fitting[0]
        elif not isinstance(found, dict) or step not in found:
            raise LookupError(f"no {step!r}, of {path}")
        else:
            found = found[step]
    return float(found)


def value(figure: dict, folder: Path) -> float:
    """A figure of the results in a folder.

    Raises
    ------
    LookupError : the file or the number is not there.
    """
    file = folder / figure["file"]
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        number = find(found, figure["of"])
        return number / find(found, figure["over"]) if "over" in figure else number
    except FileNotFoundError:
        raise LookupError(f"{file} is not there: run the benchmark that makes it first") from None
    except LookupError as error:
        raise LookupError(f"{file}: {error.args[0]}") from None


def compare(figure: dict, kept: Path, now: Path) -> Compared:
    """One figure in both folders, and its limit."""
    before, after = value(figure, kept), value(figure, now)
    rises = "may_rise" in figure
    limit = (
        before + figure["may_rise"] if rises else before - figure.get("may_fall", figure.get("may_fall_by", 0) * before)
    )
    return Compared(figure["what"], before, after, limit, rises)


def measure(check: dict, out: Path) -> None:
    """Run one check's benchmark, with its results in `out` and its table unseen.

    Raises
    ------
    RuntimeError : it ended otherwise than well.
    """
    main = importlib.import_module("benchmarks.__main__").main
    with contextlib.redirect_stdout(io.StringIO()):
        status = main([*check["command"], "--out", str(out / check.get("into", ""))])
    if status:
        raise RuntimeError(f"python -m benchmarks {' '.join(check['command'])} ended with status {status}")


def checked(check: dict, kept: Path) -> Iterator[Compared]:
    """Measure one check anew and compare its figures."""
    with tempfile.TemporaryDirectory() as folder:
        measure(check, Path(folder))
        for figure in check["figures"]:
            yield compare(figure, kept, Path(folder))


def add_options(command):
    """The options of `python -m benchmarks check`."""
    names = [check["name"] for check in json.loads(LIMITS.read_text(encoding="utf-8"))]
    command.add_argument("--only", nargs="+", choices=names, default=names, help="these checks (default: all)")
    command.add_argument("--kept", type=Path, default=KEPT, help="the results to compare with")


def run(options):
    """`python -m benchmarks check`: 0 where every figure holds, 1 where one has fallen or cannot be had."""
    fallen = 0
    for check in json.loads(LIMITS.read_text(encoding="utf-8")):
        if check["name"] not in options.only:
            continue
        print(f"{check['name']}: {check['about']} ...", file=sys.stderr, flush=True)
        try:
            for figure in checked(check, options.kept):
                fallen += not figure.holds
                most = "at most" if figure.may_rise else "at least"
                said = "holds" if figure.holds else "WORSE"
                print(
                    f"{said}  {check['name']}, {figure.what}: {figure.now:.4g}, kept {figure.kept:.4g}, {most} {figure.limit:.4g}"
                )
        except LookupError as error:
            fallen += 1
            print(f"WORSE  {check['name']}: {error.args[0]}")
    return 1 if fallen else 0
