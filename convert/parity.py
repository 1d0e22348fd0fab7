"""How far each format is from Keras, and the gate that an int8 model must pass."""

import numpy as np

from ecg_edge.layout import CLASSES
from train import metrics

LIMITS = {"lead_agreement": 0.99, "mean_difference": 0.01, "macro_f1_loss": 0.01}
"""int8 against Keras: least share of equal lead verdicts, largest mean difference of probabilities, largest fall of
macro-F1 per page."""


def compare(predicted, keras, rows):
    """The parity of one format with Keras on `rows` of (sha256, class index), for JSON.

    Parameters
    ----------
    predicted, keras : `train.predictions.Predictions`
    """
    digests, labels = [digest for digest, _ in rows], np.array([label for _, label in rows])
    ours, theirs = predicted.of(digests), keras.of(digests)
    said, reference = ours.argmax(axis=-1), theirs.argmax(axis=-1)
    same = said == reference
    page_said, page_reference = (made.pages(digests).argmax(axis=-1) for made in (predicted, keras))
    count = ours.shape[1]
    lead_labels, lead_pages = np.repeat(labels, count), np.repeat(digests, count)
    return {
        "made_by": predicted.made_by,
        "files": len(rows),
        "distinct_pages": len(set(digests)),
        "lead_agreement": float(same.mean()),
        "page_agreement": float((page_said == page_reference).mean()),
        "mean_difference": float(np.abs(ours - theirs).mean()),
        "largest_difference": float(np.abs(ours - theirs).max()),
        "lead_agreement_by_class": {label: _mean(same[labels == k]) for k, label in enumerate(CLASSES)},
        "mean_difference_by_class": {
            label: _mean(np.abs(ours - theirs)[labels == k]) for k, label in enumerate(CLASSES)
        },
        "leads": metrics.difference(lead_labels, said.ravel(), reference.ravel(), lead_pages),
        "pages": metrics.difference(labels, page_said, page_reference, digests),
        "page_macro_f1": float(metrics.rates(metrics.confusion(labels, page_said))["macro_f1"]),
        "keras_page_macro_f1": float(metrics.rates(metrics.confusion(labels, page_reference))["macro_f1"]),
    }


def failures(parity, held=tuple(LIMITS)):
    """What of one int8 parity breaks the `LIMITS` that it is `held` to, in words; empty where the gate is passed."""
    loss = parity["keras_page_macro_f1"] - parity["page_macro_f1"]
    checks = (
        (
            parity["lead_agreement"] >= LIMITS["lead_agreement"],
            "lead verdicts agree on",
            parity["lead_agreement"],
            "at least",
            "lead_agreement",
        ),
        (
            parity["mean_difference"] <= LIMITS["mean_difference"],
            "probabilities differ by",
            parity["mean_difference"],
            "at most",
            "mean_difference",
        ),
        (loss <= LIMITS["macro_f1_loss"], "macro-F1 per page falls by", loss, "at most", "macro_f1_loss"),
    )
    return [
        f"{what} {value:.4f}, {bound} {LIMITS[limit]}"
        for passed, what, value, bound, limit in checks
        if limit in held and not passed
    ]


def to_markdown(model, table, files):
    """A Markdown table of parities {format: {runtime: parity or words}}, with sizes {format: bytes}."""
    lines = [
        f"# `{model}`: formats against Keras",
        "",
        "| format | MB | runtime | lead verdicts equal | page verdicts equal | mean, largest Δp | Δ macro-F1 per page (95 %) | Δ accuracy per lead (95 %) |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for form, by_runtime in table.items():
        for runtime, parity in by_runtime.items():
            head = f"| {form} | {files[form] / 1e6:.1f} | {runtime} |"
            if isinstance(parity, str):
                lines.append(f"{head} {parity} | | | | |")
                continue
            f1, accuracy = parity["pages"]["macro_f1"], parity["leads"]["accuracy"]
            lines.append(
                f"{head} {parity['lead_agreement']:.4f} | {parity['page_agreement']:.4f}"
                f" | {parity['mean_difference']:.4f}, {parity['largest_difference']:.3f}"
                f" | {_signed(f1)} | {_signed(accuracy)} |"
            )
    classes = " | ".join(CLASSES)
    lines += [
        "",
        "Lead verdicts equal, by true class:",
        "",
        f"| format | runtime | {classes} |",
        "|---|---|" + "---|" * len(CLASSES),
    ]
    for form, by_runtime in table.items():
        for runtime, parity in by_runtime.items():
            if not isinstance(parity, str):
                by_class = " | ".join(f"{parity['lead_agreement_by_class'][label]:.4f}" for label in CLASSES)
                lines.append(f"| {form} | {runtime} | {by_class} |")
    return "\n".join(lines) + "\n"


def _signed(difference):
    low, high = difference["interval"]
    return f"{difference['difference']:+.4f} ({low:+.4f} to {high:+.4f})"


def _mean(values):
    return float(values.mean()) if values.size else None
