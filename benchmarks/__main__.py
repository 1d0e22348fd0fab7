"""python -m benchmarks accuracy | latency | leaks | mutations | others | page | reading."""

import argparse
import sys

from . import accuracy, latency, leaks, mutations, others, page_reading, reading


def main(argv=None):
    """Run the command line; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("accuracy", help="int8 against float models and Keras, per lead and per page")
    accuracy.add_options(command)
    command.set_defaults(run=accuracy.run)
    command = commands.add_parser("latency", help="time of one page per stage, for each model, format and runtime")
    latency.add_options(command)
    command.set_defaults(run=latency.run)
    command = commands.add_parser("leaks", help="what can be told without the heart, and copies across the splits")
    leaks.add_options(command)
    command.set_defaults(run=leaks.run)
    command = commands.add_parser("mutations", help="damaged pictures: each a result or a reason, in time and memory")
    mutations.add_options(command)
    command.set_defaults(run=mutations.run)
    command = commands.add_parser("others", help="pictures that are no ECG, real and drawn, as files")
    others.add_options(command)
    command.set_defaults(run=others.run)
    command = commands.add_parser(
        "page", help="the page model on photographs, records on paper and pages drawn in another layout"
    )
    page_reading.add_options(command)
    command.set_defaults(run=page_reading.run)
    command = commands.add_parser("reading", help="photographs, scans, drawn records and pictures that are no ECG")
    reading.add_options(command)
    command.set_defaults(run=reading.run)
    options = parser.parse_args(argv)
    try:
        return options.run(options) or 0
    except (FileNotFoundError, RuntimeError, argparse.ArgumentTypeError) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
