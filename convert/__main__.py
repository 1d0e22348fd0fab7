"""python -m convert --model cnn: every format of a trained model, its parity with Keras, and the int8 model's card."""

import argparse
import json
import subprocess
import sys
from pathlib import Path

from ecg_edge.errors import NoRuntimeError
from ecg_edge.runtime import RUNTIMES, Network, find_runtime
from train import metrics, predictions, splits

from . import cards, formats, parity

SHIPPED = {"cnn": ("int8",), "crnn": ("int8", "float16")}
"""Formats of each model that are kept in models/."""


def main(argv=None):
    """Run the command line; 0, or 1 where a conversion failed or the parity gate is not passed."""
    parser = argparse.ArgumentParser(prog="python -m convert", description=__doc__)
    parser.add_argument("--model", choices=tuple(SHIPPED), required=True)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--models", type=Path, default=Path("models"), help="where the int8 file and its card go")
    parser.add_argument("--results", type=Path, default=Path("benchmarks/results/paper"))
    parser.add_argument("--version", default="1.0.0", help="the model's version")
    options = parser.parse_args(argv)
    run = options.runs / "paper" / options.model
    weights = run / "best.keras"
    if not weights.is_file():
        print(f"convert: no {weights}: run 'python -m train fit --model {options.model}'", file=sys.stderr)
        return 1
    files = {form: run / f"{options.model}-{form}.tflite" for form in formats.FORMATS}
    for form, path in files.items():
        print(f"{form} ...", file=sys.stderr, flush=True)
        problem = _work("convert", weights, path, "--format", form)
        if problem:
            print(f"convert: {form} failed: {problem}", file=sys.stderr)
            return 1
    keras_path = predictions.path_of("paper", options.model, "keras", "tensorflow")
    if not keras_path.is_file():
        problem = _work("keras", weights, keras_path, "--parts", *splits.PARTS)
        if problem:
            print(f"convert: {weights} cannot be run: {problem}", file=sys.stderr)
            return 1
    table = _parities(options.model, files, predictions.load(keras_path))
    options.results.mkdir(parents=True, exist_ok=True)
    sizes = {form: path.stat().st_size for form, path in files.items()}
    (options.results / f"{options.model}-parity.json").write_text(
        json.dumps({"bytes": sizes, "formats": table}, indent=1) + "\n"
    )
    markdown = parity.to_markdown(options.model, table, sizes)
    (options.results / f"{options.model}-parity.md").write_text(markdown)
    print(markdown)
    broken = [
        f"{runtime}: {words}"
        for runtime, figures in table["int8"].items()
        if not isinstance(figures, str)
        for words in parity.failures(figures)
    ]
    if broken:
        print("convert: int8 does not pass the parity gate: " + "; ".join(broken), file=sys.stderr)
        return 1
    _ship(options, run, files, table)
    return 0


def _work(work, source, out, *arguments):
    """None where the piece of work is done, else why not, in a line; the converter's chatter is kept from the screen."""
    command = [sys.executable, "-m", "convert.work", work, "--source", source, "--out", out, *arguments]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return None
    if done.returncode < 0:
        return f"killed by signal {-done.returncode}"
    return next((line for line in done.stderr.splitlines()[::-1] if line.strip()), f"ended with {done.returncode}")


def _parities(model, files, keras):
    """{format: {runtime: parity on the validation files, or why there is none}}; predictions are kept for benchmarks."""
    rows = splits.parts_of("paper")["validation"]
    table = {}
    for form, path in files.items():
        table[form] = {}
        for runtime in RUNTIMES:
            out = predictions.path_of("paper", model, form, runtime)
            print(f"{form} by {runtime} ...", file=sys.stderr, flush=True)
            try:
                find_runtime(runtime)
            except NoRuntimeError as error:
                table[form][runtime] = f"not measured: {error}"
                continue
            problem = _work("predict", path, out, "--runtime", runtime)
            table[form][runtime] = (
                f"not run: {problem}" if problem else parity.compare(predictions.load(out), keras, rows)
            )
    return table


def _ship(options, run, files, table):
    for form in SHIPPED[options.model]:
        suffix = "" if form == "int8" else f"-{form}"
        (options.models / f"{options.model}{suffix}.tflite").write_bytes(files[form].read_bytes())
    data = files["int8"].read_bytes()
    details = cards.describe(Network(data, find_runtime()))
    training = json.loads((run / "run.json").read_text())
    figures = {
        runtime: _figures(options.model, runtime)
        for runtime, found in table["int8"].items()
        if not isinstance(found, str)
    }
    fields = cards.make(
        options.model,
        options.version,
        data,
        details,
        {
            "data": "DOI 10.17632/gwbz3fsgp8 version 2",
            "protocol": "paper",
            "pages": training["pages"]["train"],
            "distinct_pages": training["distinct_pages"]["train"],
            "epochs": training["best_epoch"],
            "seed": training["seed"],
            "tensorflow": training["tensorflow"],
            "commit": _commit(),
        },
        {"paper": figures[next(iter(figures))]},
        {
            runtime: {key: found[key] for key in ("files", "lead_agreement", "page_agreement", "mean_difference")}
            for runtime, found in table["int8"].items()
            if not isinstance(found, str)
        },
        [found["made_by"] for found in table["int8"].values() if not isinstance(found, str)],
    )
    print(cards.write(fields, options.models))


def _figures(model, runtime):
    """The card's figures of the int8 model on the test files of `paper`, per page."""
    import numpy as np

    rows = splits.parts_of("paper")["test"]
    digests, labels = [digest for digest, _ in rows], np.array([label for _, label in rows])
    made = predictions.load(predictions.path_of("paper", model, "int8", runtime))
    summary = metrics.summary(labels, made.pages(digests).argmax(axis=-1), digests)
    return {key: summary[key] for key in ("accuracy", "balanced_accuracy", "macro_f1", "per_class", "interval")}


def _commit():
    described = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return described.stdout.strip() or None


if __name__ == "__main__":
    sys.exit(main())
