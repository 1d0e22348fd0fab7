"""One conversion or one prediction, in a process of its own: `python -m convert.work convert|predict|keras ...`.

A converter that runs away takes its own process with it, and two runtimes never share one.
"""

import argparse
import resource
import sys
from pathlib import Path

from ecg_edge.errors import EcgEdgeError
from train import predictions, prepare, splits

MEMORY_LIMIT_GIB = 14


def main(argv=None):
    """Run one piece of work; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m convert.work", description=__doc__)
    parser.add_argument("work", choices=("convert", "predict", "keras"))
    parser.add_argument("--source", type=Path, required=True, help="Keras weights, or a .tflite file")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--format", default="int8")
    parser.add_argument("--split", default="paper")
    parser.add_argument("--fold", type=int)
    parser.add_argument("--parts", nargs="+", default=["validation", "test"])
    parser.add_argument("--runtime")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--cache", default=prepare.CACHE)
    options = parser.parse_args(argv)
    limit = MEMORY_LIMIT_GIB * 2**30
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    parts = splits.parts_of(options.split, options.fold)
    cache = prepare.LeadCache(options.cache)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    try:
        if options.work == "convert":
            _convert(options, cache, parts)
        else:
            digests = [digest for part in options.parts for digest, _ in parts[part]]
            predictions.save(_predict(options, cache, digests), options.out)
    except EcgEdgeError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _convert(options, cache, parts):
    from . import formats

    images = formats.representative(cache, parts["train"]) if options.format == "int8" else None
    data = formats.convert(options.source, options.format, images)
    # A conversion can "succeed" with a file that holds no weights or that cannot be run.
    _network(data, options).probabilities(cache.images[0])
    partial = options.out.with_name("partial_" + options.out.name)
    partial.write_bytes(data)
    partial.replace(options.out)


def _predict(options, cache, digests):
    if options.work == "keras":
        from train.evaluate import keras_predictions

        return keras_predictions(options.source, cache, digests)
    network = _network(options.source.read_bytes(), options)
    return predictions.predict(
        network.probabilities, cache, digests, f"{network.runtime.name} {network.runtime.version}"
    )


def _network(data, options):
    from ecg_edge.classifier.runtime import Network, find_runtime

    return Network(data, find_runtime(options.runtime), options.threads)


if __name__ == "__main__":
    sys.exit(main())
