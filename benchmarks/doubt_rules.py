"""python -m benchmarks.doubt_rules: ways to calibrate the page model and to doubt its verdicts, held against each other by origin, out of fold.

All from the kept int8 predictions of the folds. What a way chooses, it chooses for each fold on the four others' pages, extra ones counting as
little as in training; the threshold of doubt holds as `train.choices` has it, on each origin alone and on all together. Records choose nothing.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecg_edge.classifier import verdict
from ecg_edge.layout import CLASSES
from train import choices, figures, metrics, page_command, pooled, predictions, splits
from train.page_findings import FINDINGS

from . import doubt, environment

NORMAL = CLASSES.index("normal")
INFARCTIONS = [CLASSES.index(name) for name in ("infarction", "history")]
NOT_NORMAL, INFARCTION = FINDINGS.index("not_normal"), FINDINGS.index("infarction")
SPREADS = {
    "as it comes, nothing chosen": None,
    "a temperature alone": 0.0,
    "biases of a spread of 0.1": 0.1,
    "… 0.2": 0.2,
    "… 0.5": 0.5,
    "… 1": 1.0,
    "… chosen on the same pages, by origin (ships)": "chosen",
}
"""{name: standard deviation of the biases' prior; None where nothing is chosen, "chosen" by `train.pooled.choose_spread`}."""
SHIPPED = "chosen"
RIDGE = 1.0
"""Of the logistic regression: the precision of its weights' prior."""


@dataclass(frozen=True)
class Part:
    """N pages or records: `said` (N, 4) probabilities as the model of `folds` (N) gave them, `findings` (N, F), `right` (N, 4) bool classes that are
    right, `origins` (N) and how much each counts (`weights`, N; None of records, by which nothing is chosen)."""

    said: np.ndarray
    findings: np.ndarray
    right: np.ndarray
    folds: np.ndarray
    origins: np.ndarray
    weights: np.ndarray | None = None

    def of(self, mine):
        """The part of these numbers or of this mask."""
        taken = (getattr(self, name)[mine] for name in ("said", "findings", "right", "folds", "origins"))
        return Part(*taken, None if self.weights is None else self.weights[mine])

    def wrong(self, pages):
        """(N,) bool of (N, 4) calibrated `pages`."""
        return ~self.right[np.arange(len(pages)), pages.argmax(axis=1)]


def read_pages(runtime=doubt.RUNTIME, folder=predictions.FOLDER):
    """The `Part` of the data set's pages."""
    made = predictions.load_folds(page_command.NAME, "int8", runtime, folder)
    rows = pooled.rows_of(made)
    return Part(
        pooled.leads_of(made, rows)[:, 0],
        np.array([made[row.fold].findings_of([row.sha256])[0] for row in rows]),
        np.eye(len(CLASSES), dtype=bool)[pooled.labels_of(rows)],
        np.array([row.fold for row in rows]),
        pooled.origins_of(rows),
        np.where([row.source == "extra_pages" for row in rows], pooled.EXTRA_WEIGHT, 1.0),
    )


def read_records(runtime=doubt.RUNTIME, folder=predictions.FOLDER):
    """The `Part` of records of other hospitals whose source says something of the classes."""
    made = pooled.load_records(page_command.NAME, "int8", runtime, folder)
    columns = [
        (each.leads[i, 0], each.findings[i], each.allowed[i], fold, doubt.origin_of(each.digests[i], each.tests[i]))
        for fold, each in enumerate(made)
        for i in np.flatnonzero(each.allowed.any(axis=1))
    ]  # fmt: skip
    return Part(*(np.array(column) for column in zip(*columns, strict=True)))


def choose(pages, spread):
    """[(temperature, bias)] by fold, each chosen on the pages of the others."""
    chosen = []
    for fold in range(splits.FOLDS):
        others = pages.of(pages.folds != fold)
        labels, found, held = others.right.argmax(axis=1), (0, 1.0, None), spread
        if spread == "chosen":
            held = pooled.choose_spread(others.said, labels, others.weights, others.origins, others.folds)
        if spread is not None:
            found = choices.fit_calibration(others.said, labels, others.weights, held)
        chosen.append(found[1:])
    return chosen


def calibrated(part, chosen):
    """(N, 4) probabilities of a `Part`, each by what was `chosen` for its fold."""
    found = np.empty(part.said.shape)
    for fold, numbers in enumerate(chosen):
        mine = part.folds == fold
        found[mine] = verdict.calibrate(part.said[mine], *numbers)
    return found


def logit(chances):
    """The logarithm of the odds, neither end of them infinite."""
    chances = np.clip(chances, verdict.SMALLEST, 1 - verdict.SMALLEST)
    return np.log(chances / (1 - chances))


def confidence(pages, findings):
    """(N,) logit of the most probable class."""
    return logit(pages.max(axis=1))


def agreement(pages, findings):
    """(N,) logit of *normal* or *not normal*, whichever the verdict is."""
    return np.where(pages.argmax(axis=1) == NORMAL, -1, 1) * logit(findings[:, NOT_NORMAL])


def infarction_agreement(pages, findings):
    """(N,) logit of the finding *infarction*, or of its absence, whichever the verdict is."""
    return np.where(np.isin(pages.argmax(axis=1), INFARCTIONS), 1, -1) * logit(findings[:, INFARCTION])


def signs(pages, findings):
    """(N, S) of the learnt rule: the three, and which class it is."""
    classes = np.eye(len(CLASSES))[pages.argmax(axis=1)][:, 1:]
    return np.column_stack(
        [rule(pages, findings) for rule in (confidence, agreement, infarction_agreement)] + [classes]
    )


def learn(pages, findings, wrong, weights):
    """A score by logistic regression of whether verdicts are right."""
    from scipy.optimize import minimize

    seen = signs(pages, findings)
    mean, spread = seen.mean(axis=0), seen.std(axis=0) + 1e-9

    def scaled(values):
        return np.column_stack([np.ones(len(values)), (values - mean) / spread])

    inputs, right = scaled(seen), 1.0 * ~wrong

    def loss(weight):
        odds = inputs @ weight
        held = RIDGE * np.append(0, weight[1:])
        value = (weights * (np.logaddexp(0, odds) - right * odds)).sum() + held @ weight / 2
        return value, inputs.T @ (weights * (1 / (1 + np.exp(-odds)) - right)) + held

    found = minimize(loss, np.zeros(inputs.shape[1]), jac=True).x
    return lambda pages, findings: scaled(signs(pages, findings)) @ found


@dataclass(frozen=True)
class Rule:
    """A way to doubt: a verdict is uncertain below a threshold of `score` (the surer, the higher), or where it is `vetoed`; with `learnt` the
    score is learnt on the other folds."""

    score: Callable = confidence
    vetoed: Callable | None = None
    learnt: bool = False


RULES = {
    "confidence (before)": Rule(),
    "… and the finding *not normal* does not contradict (ships)": Rule(vetoed=lambda *said: agreement(*said) <= 0),
    "… not by odds of 3 to 1": Rule(vetoed=lambda *said: agreement(*said) <= -np.log(3)),
    "… nor *infarction*": Rule(vetoed=lambda *said: np.minimum(agreement(*said), infarction_agreement(*said)) <= 0),
    "confidence and half of the finding's, to odds of e²": Rule(lambda *said: confidence(*said) + np.minimum(agreement(*said), 2) / 2),
    "learnt of confidence, both findings, class": Rule(learnt=True),
}  # fmt: skip
"""{name: `Rule`}."""


def judge(rule, pages, records, chosen):
    """((N,) score, (N,) bool read) of pages and of records by a `Rule`, calibrated as was `chosen` for each fold: what is vetoed has the least
    score."""
    found = [(np.empty(len(part.folds)), np.empty(len(part.folds), bool)) for part in (pages, records)]
    for fold, numbers in enumerate(chosen):
        others = pages.of(pages.folds != fold)
        said = verdict.calibrate(others.said, *numbers)
        wrong = others.wrong(said)
        score = learn(said, others.findings, wrong, others.weights) if rule.learnt else rule.score
        threshold = least_score(score(said, others.findings), wrong, others)
        for part, (scores, read) in zip((pages, records), found, strict=True):
            mine = part.folds == fold
            tested, findings = verdict.calibrate(part.said[mine], *numbers), part.findings[mine]
            values = score(tested, findings)
            veto = np.zeros(len(values), bool) if rule.vetoed is None else rule.vetoed(tested, findings)
            scores[mine], read[mine] = np.where(veto, values - 100, values), (values >= threshold) & ~veto
    return found


def least_score(score, wrong, part):
    """The least score of verdicts that are read, on each origin and on all together (`train.choices`)."""
    # As if the ranks were probabilities of two classes, of which the first is right.
    ranks = np.argsort(np.argsort(score)) / len(score)
    pages, labels = np.stack([ranks, np.zeros_like(ranks) - 1], axis=1), wrong.astype(int)
    on_all = choices.choose_threshold(pages, labels, weights=part.weights)
    least = max(on_all, choices.threshold_everywhere(pages, labels, part.origins))
    kept = ranks >= least - 1e-4  # thresholds are rounded
    return score[kept].min() if kept.any() else np.inf


def area_under_risk(score, wrong):
    """The mean over coverages of the error among the surest verdicts: 0 where all are right."""
    return float((np.cumsum(wrong[np.argsort(-score, kind="stable")]) / np.arange(1, len(wrong) + 1)).mean())


def figures_of(part, pages, score, read):
    """{origin: {read, error, area}} of a `Part`."""
    wrong, found = part.wrong(pages), {}
    for origin in sorted(set(part.origins)):
        mine = part.origins == origin
        kept = wrong[mine & read]
        found[str(origin)] = {
            "read": float(read[mine].mean()),
            "error": float(kept.mean()) if kept.size else None,
            "interval": metrics.share_interval(int(kept.sum()), kept.size),
            "area": area_under_risk(score[mine], wrong[mine]),
        }
    return found


def calibrations(pages, records):
    """{way: {origin: {accuracy, macro_f1, ece, log_loss, read, error}}} of pages, and of records what can be told of them."""
    report = {}
    for name, spread in SPREADS.items():
        chosen = choose(pages, spread)
        said = calibrated(pages, chosen)
        of_pages, of_records = judge(Rule(), pages, records, chosen)
        report[name] = figures_of(pages, said, *of_pages)
        report[name] |= figures_of(records, calibrated(records, chosen), *of_records)
        for origin in set(pages.origins):
            mine = pages.origins == origin
            labels, told = pages.right[mine].argmax(axis=1), said[mine]
            matrix = metrics.confusion(labels, told.argmax(axis=1))
            report[name][origin] |= {
                "accuracy": float(metrics.rates(matrix)["accuracy"]),
                "macro_f1": float(metrics.rates(matrix)["macro_f1"]),
                "ece": metrics.calibration_error(labels, told),
                "log_loss": metrics.log_loss(labels, np.maximum(told, verdict.SMALLEST)),
            }
    return report


def to_markdown(by_calibration, by_rule):
    """Two tables."""
    pages, records = list(doubt.PAGES.values()), ["PTB-XL fold 8", "PTB-XL fold 9", "other devices", "LUDB"]
    lines = [
        "# Ways to calibrate and to doubt",
        "",
        "By `python -m benchmarks.doubt_rules`; int8, out of fold: chosen for each fold on the four others' pages.",
        "",
        "Calibration: accuracy, macro-F1, ECE; read, error among read (by confidence alone).",
        "",
        f"| calibration | {' | '.join(pages)} |",
        "|---|" + "---|" * len(pages),
    ]
    for name, found in by_calibration.items():
        cells = [
            f"{of['accuracy']:.3f}, {of['macro_f1']:.3f}, {of['ece']:.3f}; {of['read']:.2f}, {_error(of)}"
            for of in (found[origin] for origin in pages)
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines += [
        "",
        "Doubt, with the calibration that ships: read, error among read; the area under the risk-coverage curve, less is better.",
        "",
        f"| uncertain unless | {' | '.join(pages + records)} |",
        "|---|" + "---|" * len(pages + records),
    ]
    for name, found in by_rule.items():
        cells = [
            f"{of['read']:.2f}, {_error(of)}; {of['area']:.3f}" for of in (found[origin] for origin in pages + records)
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _error(found):
    return "–" if found["error"] is None else f"{found['error']:.3f}"


def main():
    """Write rules.json, rules.md and the curves of every rule, a picture for each origin."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.doubt_rules", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/doubt"))
    options = parser.parse_args()
    pages, records = read_pages(), read_records()
    by_calibration, by_rule, curves = calibrations(pages, records), {}, {}
    chosen = choose(pages, SHIPPED)
    said = calibrated(pages, chosen), calibrated(records, chosen)
    for name, rule in RULES.items():
        judged = judge(rule, pages, records, chosen)
        by_rule[name] = {}
        for part, chances, (score, read) in zip((pages, records), said, judged, strict=True):
            by_rule[name] |= figures_of(part, chances, score, read)
            for origin in set(part.origins):
                mine = part.origins == origin
                curves.setdefault(str(origin), {})[name] = (score[mine], part.wrong(chances)[mine])
    options.out.mkdir(parents=True, exist_ok=True)
    report = {"environment": environment.record(), "calibrations": by_calibration, "rules": by_rule}
    (options.out / "rules.json").write_text(json.dumps(report, indent=1) + "\n")
    (options.out / "rules.md").write_text(to_markdown(by_calibration, by_rule))
    shown = [*doubt.PAGES.values(), *sorted(set(curves) - set(doubt.PAGES.values()))]
    figures.draw_rules({origin: curves[origin] for origin in shown}, options.out / "rules.png")
    print(to_markdown(by_calibration, by_rule))


if __name__ == "__main__":
    main()
