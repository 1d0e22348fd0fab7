"""python -m convert --model cnn: every format of a trained model, its parity with Keras, and the int8 model's card."""

import argparse
import json
import subprocess
import sys
from pathlib import Path

from ecg_edge.classifier.runtime import RUNTIMES, find_runtime
from ecg_edge.errors import NoRuntimeError
from train import predictions, splits

from . import formats, page_shipping, parity, shipping

MEASURED = {"paper": ("validation", "test"), "all": ("extra",)}
"""Parts whose pages every format is run on: of a model that was trained on `all`, the pages that version 2 leaves out."""

COMPARED = {"paper": "validation", "all": "extra"}
"""The part that parity is measured on."""

GATES = {"paper": tuple(parity.LIMITS), "all": ("mean_difference", "macro_f1_loss")}
"""Limits that the int8 file is held to on that part. Of a model that was trained on `all`, the lead verdicts are held to theirs on
the pooled out-of-fold pages (`shipping.from_folds`); on the pages that version 2 leaves out more leads are nearly undecided, and how
many agree there is shown."""


def main(argv=None):
    """Run the command line; 0, or 1 where a conversion failed or the parity gate is not passed."""
    parser = argparse.ArgumentParser(prog="python -m convert", description=__doc__)
    parser.add_argument("--model", choices=(*shipping.SHIPPED, "page"), required=True)
    parser.add_argument(
        "--split", choices=tuple(MEASURED), default="all", help="which training to convert (default: all)"
    )
    parser.add_argument("--ship", action="store_true", help="put the files and the card into --models")
    parser.add_argument(
        "--card", action="store_true", help="page: only write its card anew, from the kept file and probabilities"
    )
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--results", type=Path, default=Path("benchmarks/results"))
    parser.add_argument("--version", default="1.0.0", help="the model's version")
    options = parser.parse_args(argv)
    try:
        if options.model == "page":
            page_shipping.run(options)
            return 0
        return _convert(options)
    except (FileNotFoundError, RuntimeError) as error:
        print(f"convert: {error}", file=sys.stderr)
        return 1


def _convert(options):
    run = options.runs / options.split / options.model
    weights = run / "best.keras"
    if not weights.is_file():
        raise FileNotFoundError(
            f"no {weights}: run 'python -m train fit --model {options.model} --split {options.split}'"
        )
    files = {form: run / f"{options.model}-{form}.tflite" for form in formats.FORMATS}
    for form, path in files.items():
        print(f"{form} ...", file=sys.stderr, flush=True)
        _work("convert", weights, path, "--format", form, "--split", options.split)
    table = _parities(options, weights, files)
    sizes = {form: path.stat().st_size for form, path in files.items()}
    markdown = parity.to_markdown(options.model, table, sizes)
    out = options.results / options.split
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{options.model}-parity.json").write_text(json.dumps({"bytes": sizes, "formats": table}, indent=1) + "\n")
    (out / f"{options.model}-parity.md").write_text(markdown)
    print(markdown)
    measured = {runtime: found for runtime, found in table["int8"].items() if not isinstance(found, str)}
    broken = [
        f"{runtime}: {words}"
        for runtime, found in measured.items()
        for words in parity.failures(found, GATES[options.split])
    ]
    if not measured or broken:
        raise RuntimeError(f"int8 does not pass the parity gate: {'; '.join(broken) or 'no runtime measured it'}")
    if options.ship:
        print(shipping.ship(options.model, options.version, run, files, measured, options.split, options.models))
    return 0


def _parities(options, weights, files):
    """{format: {runtime: parity with Keras, or why there is none}}; predictions are kept for benchmarks."""
    where = ("--split", options.split, "--parts", *MEASURED[options.split])
    keras_path = predictions.path_of(options.split, options.model, "keras", "tensorflow")
    if not keras_path.is_file() or options.split == "all":
        _work("keras", weights, keras_path, *where)
    keras, rows = predictions.load(keras_path), splits.parts_of(options.split)[COMPARED[options.split]]
    table = {form: {} for form in files}
    for form, path in files.items():
        for runtime in RUNTIMES:
            print(f"{form} by {runtime} ...", file=sys.stderr, flush=True)
            out = predictions.path_of(options.split, options.model, form, runtime)
            try:
                find_runtime(runtime)
                _work("predict", path, out, "--runtime", runtime, *where)
                table[form][runtime] = parity.compare(predictions.load(out), keras, rows)
            except (NoRuntimeError, RuntimeError) as error:
                table[form][runtime] = f"not run: {error}"
    return table


def _work(work, source, out, *arguments):
    """One piece of work in a process of its own; the converter's chatter is kept from the screen.

    Raises
    ------
    RuntimeError : it failed; the message is the last line that it said.
    """
    command = [sys.executable, "-m", "convert.work", work, "--source", source, "--out", out, *arguments]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if done.returncode < 0:
        raise RuntimeError(f"{source}: killed by signal {-done.returncode}")
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise RuntimeError(lines[-1] if lines else f"{source}: ended with {done.returncode}")


if __name__ == "__main__":
    sys.exit(main())
