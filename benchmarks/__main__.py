"""python -m benchmarks accuracy | latency | memory | size | installed | floors | scale | summary | all | formats | compare | check | against | archive | doubt | reading | foreign | page | page_parts | measurements | agreement | photographed | leaks | others | mutations | weights."""

import argparse
import sys

from . import (
    accuracy,
    against,
    agreement,
    archive,
    check,
    compare,
    doubt,
    floors,
    foreign_reading,
    formats,
    installed,
    latency,
    lead_weights,
    leaks,
    measured_photographs,
    measurements,
    memory,
    mutations,
    not_ecg,
    page_parts,
    page_reading,
    reading,
    scale,
    size,
    summary,
)

COMMANDS = {
    "accuracy": (accuracy, "int8 against float models and Keras, per lead and per page"),
    "latency": (
        latency,
        "time of one page by stage, for each model, format and runtime, against the reference and peers",
    ),
    "memory": (memory, "what a process holds after imports, after loading and at its peak"),
    "size": (size, "bytes of models in every format, and of what is installed"),
    "installed": (installed, "what an installed device takes on disk, and how much of it reading uses"),
    "scale": (scale, "cost by number of pages, size of the picture, threads and processes"),
    "floors": (floors, "what a page cannot cost less than: decoding, and multiply-adds at the machine's peak"),
    "summary": (summary, "edge against float: one table of what was measured"),
    "formats": (formats, "make the formats that are not shipped from the float16 files"),
    "compare": (compare, "two files of latency or of 'ecg-edge bench': ratios with intervals"),
    "archive": (archive, "archives on 1 and 2 processes, and what a million pages cost by that"),
    "against": (against, "the working tree against a commit: time, memory and results on the same pictures, by turns"),
    "check": (check, "fails where accuracy, reading or ratios of time have fallen below what is kept"),
    "doubt": (doubt, "how often the page model is wrong where it is sure, by where pages come from"),
    "leaks": (leaks, "what can be told without the heart, and copies across the splits"),
    "mutations": (mutations, "damaged pictures: each a result or a reason, in time and memory"),
    "others": (not_ecg, "pictures that are no ECG, real and drawn, as files"),
    "foreign": (
        foreign_reading,
        "pages of other makers: right, silently wrong, refused; SNR of leads, times of R waves",
    ),
    "page": (page_reading, "the page model on photographs, records on paper and pages drawn in another layout"),
    "page_parts": (
        page_parts,
        "the network that says what each spot of a page is, and reading with it, against the rules",
    ),
    "measurements": (measurements, "beats, intervals and axes against cardiologists' marks and what carts printed"),
    "agreement": (agreement, "measurements beside what carts printed: Bland-Altman plots, findings, cost"),
    "photographed": (measured_photographs, "rate and intervals on photographs of LUDB drawn on paper"),
    "weights": (lead_weights, "whether leads that are said to have spoken most matter most to the verdict"),
    "reading": (reading, "photographs, scans, drawn records and pictures that are no ECG"),
}


def main(argv=None):
    """Run the command line; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (module, what) in COMMANDS.items():
        command = commands.add_parser(name, help=what)
        module.add_options(command)
        command.set_defaults(run=module.run)
    command = commands.add_parser("all", help="accuracy, latency, memory, size, scale and the table of all")
    summary.add_all_options(command)
    command.set_defaults(run=summary.run_all)
    options = parser.parse_args(argv)
    try:
        return options.run(options) or 0
    except (FileNotFoundError, RuntimeError, argparse.ArgumentTypeError) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
