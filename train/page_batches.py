"""What a page might have looked like: windows for training, varied as hearts, electrodes and readers vary."""

from dataclasses import asdict, dataclass

import numpy as np

from ecg_edge.classifier import page_input
from ecg_edge.classifier.page_input import STRIP_ROWS
from ecg_edge.layout import CLASSES, LEADS_12

from . import page_targets


@dataclass(frozen=True)
class Recipe:
    """How one member of the page model is trained, on pages and on records of other hospitals at once.

    `extra_share` of the extra pages and `record_share` of the records (those of infarction and fibrillation `rare` times as often) are seen
    in each epoch; pages of a class are seen in proportion to their number to the power of 1 − `balance`. `findings` is what a known finding of a record counts
    beside a page's class, `page_findings` what one of a page counts, and `record_classes` what a record's say in the classes counts.
    `page_gain` and `lead_gain` are standard deviations of log gains, `shift` the longest shift in samples, `lost_leads` the share of leads
    left out, `noise_mv` the largest amplitude of white noise, `mixed` the share of batches whose pages are mixed and `mix` the parameter of
    the beta distribution by which they are.
    """

    epochs: int = 32
    batch: int = 32
    learning_rate: float = 2e-3
    weight_decay: float = 1e-3
    extra_share: float = 0.5
    record_share: float = 0.4
    rare: float = 2.0
    findings: float = 0.3
    page_findings: float = 0.0
    record_classes: float = 0.0
    balance: float = 0.5
    page_gain: float = 0.25
    lead_gain: float = 0.08
    shift: int = 24
    lost_leads: float = 0.2
    noise_mv: float = 0.03
    mixed: float = 0.8
    mix: float = 0.2

    @property
    def finds(self):
        """Whether a member so trained knows all findings: records say them, pages but two."""
        return self.record_share > 0

    def to_dict(self):
        """For JSON."""
        return asdict(self)


ONE_CLASS = {"record_classes": 0.3, "page_findings": 0.3}
"""A member to which records say something of the pages' classes too, and pages of the findings."""

PAGES_ALONE = {"epochs": 40, "record_share": 0.0, "page_findings": 0.3}
"""A member that sees pages alone, and says nothing of findings."""

FEWER_RECORDS = {"epochs": 40, "record_share": 0.2} | ONE_CLASS
"""A member that sees half as many records in an epoch, and trains for as long as one that sees none."""

MEMBERS = {
    0: Recipe(),
    2: Recipe(**ONE_CLASS),
    3: Recipe(**PAGES_ALONE),
    4: Recipe(**FEWER_RECORDS),
    5: Recipe(**ONE_CLASS),
    10: Recipe(),
    12: Recipe(**ONE_CLASS),
    13: Recipe(**PAGES_ALONE),
}
"""By seed. Members that were trained unlike each other err apart, and the luck of one training counts less among many."""


def batches(windows, rows, extra, recipe, random, seen_records=None):
    """One epoch: (windows, (B, T) targets as `page_targets` makes them) for each batch of `recipe.batch`.

    Parameters
    ----------
    windows : `train.page_signals.Windows`
    rows : [(sha256, class index), ...]
    extra : (len(rows),) bool, which of them are extra pages
    random : `numpy.random.Generator`
    seen_records : `train.page_records.SeenRecords`; none where None
    """
    numbers = [windows.of(digest, between=True) for digest, _ in rows]
    labels = np.array([label for _, label in rows])
    share = shares(labels, extra, recipe)
    targets = page_targets.of_pages([CLASSES[label] for label in labels], recipe)
    if seen_records is not None:
        often = np.where(seen_records.rare, recipe.rare, 1.0)
        share = np.append(share, recipe.record_share * often / often.mean())
        targets = np.concatenate([targets, page_targets.of_records(seen_records.findings, recipe)])
    seen = random.permutation(np.repeat(np.arange(len(share)), np.floor(share + random.random(len(share))).astype(int)))
    lacking = -len(seen) % recipe.batch
    seen = (
        np.append(seen, seen[:lacking]) if lacking < recipe.batch // 2 else seen[: len(seen) - len(seen) % recipe.batch]
    )
    for chosen in seen.reshape(-1, recipe.batch):
        taken = [
            windows.values[random.choice(numbers[i])]
            if i < len(rows)
            else random.choice(seen_records.windows[i - len(rows)])
            for i in chosen
        ]
        yield mixed(vary(np.array(taken), recipe, random), targets[chosen], recipe, random)


def shares(labels, extra, recipe):
    """(N,) how often pages are seen in an epoch on average: `extra` ones less, and rare classes more."""
    share = np.where(extra, recipe.extra_share, 1.0)
    size = np.bincount(labels, share, len(CLASSES))
    rare = (size.sum() / np.maximum(size, 1)) ** recipe.balance
    weighted = share * rare[labels]
    return weighted * (share.sum() / weighted.sum())


def vary(windows, recipe, random):
    """(B, ROWS, SAMPLES, CHANNELS) windows in mV, each varied, as the model takes them.

    Other gains for the page and for its leads (one for the strip), leads and strip shifted apart from each other, leads left out,
    white noise.
    """
    count, leads = len(windows), len(LEADS_12)
    lead_gain = random.normal(0, recipe.lead_gain, (count, leads + 1))
    lead_gain = np.concatenate([lead_gain, np.repeat(lead_gain[:, -1:], STRIP_ROWS - 1, axis=1)], axis=1)
    gain = np.exp(random.normal(0, recipe.page_gain, (count, 1)) + lead_gain).astype(np.float32)[..., None]
    varied = windows.astype(np.float32)
    signals = varied[:, : leads + STRIP_ROWS]  # the row below them is of intervals
    noise = random.standard_normal(signals.shape[:-1], np.float32)
    noise *= random.uniform(0, recipe.noise_mv, gain.shape).astype(np.float32)
    signals[..., 0] = (signals[..., 0] * gain + noise) * signals[..., 1]
    signals[..., 2] *= gain
    varied[:, :leads][random.random((count, leads)) < recipe.lost_leads] = 0
    shifts = random.integers(-recipe.shift, recipe.shift, (count, 2), endpoint=True)
    for window, (by, strip_by) in zip(varied, shifts, strict=True):
        window[:leads] = shifted(window[:leads], by)
        strip = window[leads : leads + STRIP_ROWS]
        strip[:] = shifted(strip.reshape(1, -1, windows.shape[-1]), strip_by).reshape(strip.shape)
    return page_input.compress(varied)


def shifted(rows, by):
    """(R, N, C) rows moved `by` samples to the right, unknown where nothing moves in."""
    moved = np.zeros_like(rows)
    length = rows.shape[1]
    moved[:, max(by, 0) : length + min(by, 0)] = rows[:, max(-by, 0) : length - max(by, 0)]
    return moved


def mixed(windows, targets, recipe, random):
    """Windows and targets of a batch, each mixed with another of the batch in a share `recipe.mixed` of the batches.

    References
    ----------
    Zhang H. et al., "mixup: Beyond empirical risk minimization", ICLR 2018.
    """
    if random.random() >= recipe.mixed:
        return windows, targets
    share = random.beta(recipe.mix, recipe.mix, (len(windows), 1)).astype(np.float32)
    other = random.permutation(len(windows))
    weight = share[..., None, None]
    return weight * windows + (1 - weight) * windows[other], share * targets + (1 - share) * targets[other]
