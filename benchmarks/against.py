"""python -m benchmarks against REVISION: the working tree against a commit, on the same pictures, by turns, in one run.

Both are built and installed alike, with the same packages. In each round both sides have a new process, which reads one picture that is not
counted and then every picture twice, in the order before, after, after, before (or the other way round, by turns).
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from train import checkout, dataset

from . import against_environments, against_table, environment, name_hash
from .latency import PAGES
from .outcomes import REPORT_PX_PER_MM

SCHEMA = "ecg-edge/against/1"
SIDES = ("before", "after")
READER = Path(__file__).with_name("against_reader.py")
OUT = Path("benchmarks/results/against")
REPORTS, PHOTOGRAPHS, SEVERITY = 8, 3, 2
LEAST_ROUNDS = 3
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS")  # fmt: skip


class Side:
    """A process that reads pictures with what is installed for an interpreter, one at a time; a context that ends with it.

    Parameters
    ----------
    name : what it is called when something goes wrong
    command : what is run; the first line that it prints is kept as `ready`

    Raises
    ------
    RuntimeError : it ended before it was asked to; the message holds its last line.
    """

    def __init__(self, name: str, command: Sequence[str]):
        self.name = name
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 (`end` closes it)
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, text=True,
            env=os.environ | dict.fromkeys(ONE_THREAD, "1"), cwd=tempfile.gettempdir(),
        )  # fmt: skip
        assert self._process.stdin is not None and self._process.stdout is not None  # they are pipes
        self._requests, self._answers = self._process.stdin, self._process.stdout
        try:
            self.ready = self._answer("at its start")
        except RuntimeError:
            self.end()
            raise

    def read(self, path: str) -> dict:
        """{"cpu_ms", "wall_ms", "result"} of one reading of a file."""
        return self._ask({"path": path}, f"reading {Path(path).name}")

    def peak_mb(self) -> float | None:
        """The most memory that the process ever held."""
        return self._ask({"memory": True}, "when its memory was asked for")["peak_mb"]

    def end(self) -> None:
        """Ask for no more, and wait."""
        for stream in (self._requests, self._answers):
            with suppress(BrokenPipeError):
                stream.close()
        self._process.wait()
        self._errors.close()

    def __enter__(self) -> "Side":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.end()

    def _ask(self, request, doing):
        with suppress(BrokenPipeError):  # the answer, which is then missing, says the same
            self._requests.write(json.dumps(request) + "\n")
            self._requests.flush()
        return self._answer(doing)

    def _answer(self, doing):
        line = self._answers.readline()
        if not line.endswith("\n"):
            status = self._process.wait()
            self._errors.seek(0)
            said = self._errors.read().strip().splitlines() or ["it said nothing"]
            raise RuntimeError(f"the side {self.name} ended with {status} {doing}: {said[-1]}")
        return json.loads(line)


def order(number: int) -> tuple[int, ...]:
    """Which side reads, of one picture in one round: 0, 1, 1, 0, or from the other side where `number` is odd."""
    return (0, 1, 1, 0) if number % 2 == 0 else (1, 0, 0, 1)


def rounds(commands: Sequence[Sequence[str]], pictures: Sequence[str], count: int, most_s: float) -> Iterator[dict]:
    """Yield {"pictures": [{side: [reading, reading]}], "peak_mb": {side: …}, "start": {side: …}} of each round, at least three."""
    begun = time.monotonic()
    for number in range(count):
        if number >= LEAST_ROUNDS and time.monotonic() - begun > most_s:
            return
        with Side(SIDES[0], commands[0]) as first, Side(SIDES[1], commands[1]) as second:
            sides, read = (first, second), []
            for side in sides:
                side.read(pictures[0])
            for place, path in enumerate(pictures):
                found: dict[str, list[dict]] = {name: [] for name in SIDES}
                for turn in order(number + place):
                    found[SIDES[turn]].append(sides[turn].read(path))
                read.append(found)
            peaks = {name: side.peak_mb() for name, side in zip(SIDES, sides, strict=True)}
            ready = {name: side.ready for name, side in zip(SIDES, sides, strict=True)}
        yield {"pictures": read, "peak_mb": peaks, "start": ready}


def measure(
    commands: Sequence[Sequence[str]], pictures: Sequence[str], count: int, most_s: float, kind: str = ""
) -> dict:
    """What `against_table.summary` makes of the rounds over the pictures of one kind."""
    done = []
    for found in rounds(commands, pictures, count, most_s):
        done.append(found)
        print(f"\r{kind}: round {len(done)} of {count}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return against_table.summary(done, [Path(path).name for path in pictures])


def report_pages(folder: Path | None = None) -> list[Path]:
    """Some report pages of the data, in the order of a hash of their names; those of tests/data where the data are missing."""
    folder = folder or dataset.data_directory()
    if folder is None:
        return PAGES
    pages = sorted(dataset.read_pages(folder), key=lambda page: name_hash.share("against", page.sha256))
    return [page.path for page in pages[:REPORTS]]


def photographs(pages: Sequence[Path], folder: Path) -> list[Path]:
    """Photographs of report pages, written into `folder`: the same ones of the same pages."""
    from PIL import Image

    from train import camera

    made = []
    for page in pages:
        seed = int(name_hash.share("against photograph", page.name) * 2**31)
        with Image.open(page) as picture:
            photo = camera.photograph(picture.convert("RGB"), SEVERITY, seed, px_per_mm=REPORT_PX_PER_MM, part="test")
        made.append(folder / f"photograph of {page.stem}.jpg")
        made[-1].write_bytes(photo.jpeg)
    return made


def kinds_of(given: Sequence[Path] | None, folder: Path) -> dict[str, list[Path]]:
    """{kind: paths of pictures} to read: those that are given, else report pages and photographs of some of them."""
    if given:
        return {"given": [path.resolve() for path in given]}
    pages = report_pages()
    return {"report page": [path.resolve() for path in pages], "photograph": photographs(pages[:PHOTOGRAPHS], folder)}


def add_options(command: argparse.ArgumentParser) -> None:
    """The options of `python -m benchmarks against`."""
    command.add_argument("revision", help="what the working tree is held against: a commit, a tag or a branch")
    command.add_argument(
        "--pages", nargs="+", type=Path,
        help="pictures (default: report pages of the data, or of tests/data, and photographs of some)",
    )  # fmt: skip
    command.add_argument("--rounds", type=int, default=10)
    command.add_argument("--model", default="page")
    command.add_argument(
        "--seconds", type=float, default=300.0, help="no new round of a kind of picture after so long (default 300)"
    )
    command.add_argument("--out", type=Path, default=OUT)


def run(options: argparse.Namespace) -> None:
    """`python -m benchmarks against`."""
    if options.rounds < LEAST_ROUNDS:
        raise argparse.ArgumentTypeError(f"--rounds must be at least {LEAST_ROUNDS}: an interval needs them")
    if missing := [str(path) for path in options.pages or () if not path.is_file()]:
        raise argparse.ArgumentTypeError(f"not there: {', '.join(missing)}")
    commit, tree = against_environments.commit_of(options.revision), checkout.describe()
    sides = against_environments.install_commit(commit), against_environments.install_working_tree(tree)
    if unlike := against_environments.differing_packages(*sides):
        raise RuntimeError(f"the two sides have other packages: {', '.join(unlike)}")
    where = environment.record()
    commands = [[str(side.python), "-I", str(READER), options.model] for side in sides]
    with tempfile.TemporaryDirectory() as folder:
        kinds = kinds_of(options.pages, Path(folder))
        found = {
            kind: {"sha256": [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]}
            | measure(commands, [str(path) for path in paths], options.rounds, options.seconds, kind)
            for kind, paths in kinds.items()
        }
    report = {
        "schema": SCHEMA,
        "command": f"python -m benchmarks against {options.revision} --model {options.model} --rounds {options.rounds}"
        f" --seconds {options.seconds:g}" + (f" --pages {' '.join(map(str, options.pages))}" if options.pages else ""),
        "protocol": against_table.PROTOCOL,
        "model": options.model,
        "before": {"revision": options.revision, "commit": commit},
        "after": {"revision": sides[1].name, "commit": tree},
        "packages": sides[0].packages,
        "environment": where,
        "load_average_after": environment.record()["load_average"],
        "kinds": found,
    }
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / f"{commit}.json").write_text(json.dumps(report, indent=1) + "\n")
    markdown = against_table.to_markdown(report)
    (options.out / f"{commit}.md").write_text(markdown)
    print(markdown)
