"""The page model from trained members to the files that ship: int8 files, parity with Keras, the card."""

import json
import subprocess
import sys
from pathlib import Path

from ecg_edge.classifier.runtime import RUNTIMES, Network, find_runtime
from ecg_edge.layout import CLASSES
from train import dataset, page_command, page_network, predictions, splits
from train.page_findings import FINDINGS

from . import cards, page_formats, parity, shipping

GATE = ("mean_difference", "macro_f1_loss")
"""Limits that the shipped file is held to, on every page: of those that it was trained on hardly one is in doubt. Verdicts are held to
theirs out of fold (`shipping.from_folds`)."""


def run(options):
    """Convert the fold models and the one that ships, ask all of them by every runtime, hold them to the gate, write file and card; with
    `options.card` the card alone, from the file and the probabilities that are kept.

    Raises
    ------
    FileNotFoundError : members are not trained.
    RuntimeError : a conversion failed, or int8 is too far from Keras.
    """
    if options.card:
        data = (options.models / f"{page_command.NAME}.tflite").read_bytes()
    else:
        for fold in page_command.FOLDS:
            _work("convert", *(() if fold is None else ("--fold", fold)))
        for runtime in RUNTIMES:
            _work("predict", "--runtime", runtime)
        data = page_formats.file_of(page_command.RUNS, None).read_bytes()
    found = compare()
    table = {"int8": found}
    markdown = parity.to_markdown(page_command.NAME, table, {"int8": len(data)})
    out = options.results / "all"
    out.mkdir(parents=True, exist_ok=True)
    kept = {"bytes": {"int8": len(data)}, "formats": table}
    (out / f"{page_command.NAME}-parity.json").write_text(json.dumps(kept, indent=1) + "\n")
    (out / f"{page_command.NAME}-parity.md").write_text(markdown)
    print(markdown)
    broken = [f"{runtime}: {words}" for runtime in found for words in parity.failures(found[runtime], GATE)]
    if broken:
        raise RuntimeError(f"int8 does not pass the parity gate: {'; '.join(broken)}")
    print(ship(data, found, options.version, options.models))


def compare():
    """{runtime: parity with Keras} of the shipped int8 file, on every page that could be traced."""
    keras = predictions.load(predictions.path_of("all", page_command.NAME, "keras", "tensorflow"))
    rows = [(row.sha256, CLASSES.index(row.label)) for row in splits.scored_rows() if row.sha256 in keras.digests]
    paths = {runtime: predictions.path_of("all", page_command.NAME, "int8", runtime) for runtime in RUNTIMES}
    return {runtime: parity.compare(predictions.load(path), keras, rows) for runtime, path in paths.items()}


def ship(data, measured, version, folder):
    """Write the int8 model `data` (bytes) and its card into `folder`; the card's path.

    Calibration, the threshold of doubt and the figures come from the pooled out-of-fold predictions, which must pass the gate themselves.
    """
    name = page_command.NAME
    trust, figures, pooled = shipping.from_folds(name, on_extra=True)
    training = json.loads(predictions.record_of("all", name).read_text())
    details = cards.describe(Network(data, find_runtime()))
    details["input"] |= {"kind": "page_signal", "layout": "any"}
    details["output"] |= {"findings": list(FINDINGS), "lead_features": page_network.LEAD_FEATURES}
    fields = cards.make(
        name,
        version,
        data,
        details,
        {
            "data": f"DOI {dataset.DOI} versions 1 and 2",
            "protocol": "all",
            "trained_on": training["trained_on"],
            "pages": training["pages"],
            "distinct_pages": training["pages"],
            "epochs": max(member["epochs"] for member in training["members"]),
            "seed": training["seeds"],
            "tensorflow": training["tensorflow"],
            "commit": training["commit"],
            "members": training["members"],
        },
        trust,
        figures,
        {"this file": shipping.on_card(measured), "out of fold": shipping.on_card(pooled)},
        [found["made_by"] for found in measured.values()],
        name,
    )
    (Path(folder) / f"{name}.tflite").write_bytes(data)
    return cards.write(fields, folder)


def _work(*arguments):
    """One piece of `page_formats` in a process of its own: TensorFlow and a runtime never share one."""
    print("page:", *arguments, "...", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", "convert.page_formats", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise RuntimeError(lines[-1] if lines else f"{' '.join(command)} ended with {done.returncode}")
