"""python -m benchmarks accuracy | latency."""

import argparse
import sys

from . import accuracy, latency


def main(argv=None):
    """Run the command line; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("accuracy", help="int8 against float models and Keras, per lead and per page")
    command.add_argument("--models", nargs="+", default=["cnn", "crnn"])
    command.add_argument("--protocol", choices=("paper",), default="paper")
    command.add_argument("--rerun", action="store_true", help="predict anew with the model files that are there")
    command.add_argument("--runs", default="runs")
    command.add_argument("--shipped", default="models")
    command.add_argument("--out", default="benchmarks/results")
    command.set_defaults(run=_accuracy)
    command = commands.add_parser("latency", help="time of one page per stage, for each model, format and runtime")
    latency.add_options(command)
    command.set_defaults(run=latency.run)
    options = parser.parse_args(argv)
    try:
        return options.run(options) or 0
    except (FileNotFoundError, argparse.ArgumentTypeError) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1


def _accuracy(options):
    reports = []
    for model in options.models:
        if options.rerun:
            accuracy.rerun(options.protocol, model, options.runs, options.shipped)
        made = accuracy.kept(options.protocol, model)
        if not made:
            raise FileNotFoundError(
                f"no probabilities of {model} are kept: 'python -m convert --model {model}' makes them"
            )
        reports.append(accuracy.measure(options.protocol, model, made))
    print(accuracy.write(reports, options.protocol, options.out))


if __name__ == "__main__":
    sys.exit(main())
