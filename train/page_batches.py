"""What a page might have looked like: windows for training, varied as hearts, electrodes and readers vary."""

from dataclasses import asdict, dataclass

import numpy as np

from ecg_edge import page_input
from ecg_edge.layout import CLASSES
from ecg_edge.page_input import STRIP_ROWS


@dataclass(frozen=True)
class Recipe:
    """How the page model is trained.

    `extra_share` of the extra pages is seen in each epoch; classes are seen in proportion to their size to the power of 1 − `balance`;
    `page_gain` and `lead_gain` are standard deviations of log gains, `shift`
    the longest shift in samples, `lost_leads` the share of leads left out, `noise_mv` the largest amplitude of white noise, `mixed`
    the share of batches whose pages are mixed and `mix` the parameter of the beta distribution by which they are.
    """

    members: int = 3
    epochs: int = 40
    batch: int = 32
    learning_rate: float = 2e-3
    weight_decay: float = 1e-3
    extra_share: float = 0.3
    balance: float = 0.5
    page_gain: float = 0.25
    lead_gain: float = 0.08
    shift: int = 24
    lost_leads: float = 0.2
    noise_mv: float = 0.03
    mixed: float = 0.8
    mix: float = 0.2

    def to_dict(self):
        """For JSON."""
        return asdict(self)


def batches(windows, rows, extra, recipe, random):
    """One epoch: (windows, (B, 4) targets) for each batch of `recipe.batch`.

    Parameters
    ----------
    windows : `train.page_signals.Windows`
    rows : [(sha256, class index), ...]
    extra : (len(rows),) bool, which of them are extra pages
    random : `numpy.random.Generator`
    """
    numbers = [windows.of(digest, between=True) for digest, _ in rows]
    labels = np.array([label for _, label in rows])
    times = np.floor(shares(labels, extra, recipe) + random.random(len(rows))).astype(int)
    seen = random.permutation(np.repeat(np.arange(len(rows)), times))
    lacking = -len(seen) % recipe.batch
    seen = (
        np.append(seen, seen[:lacking]) if lacking < recipe.batch // 2 else seen[: len(seen) - len(seen) % recipe.batch]
    )
    for chosen in seen.reshape(-1, recipe.batch):
        taken = windows.values[[random.choice(numbers[i]) for i in chosen]]
        yield mixed(vary(taken, recipe, random), np.eye(len(CLASSES), dtype=np.float32)[labels[chosen]], recipe, random)


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
    count, leads = len(windows), windows.shape[1] - STRIP_ROWS
    lead_gain = random.normal(0, recipe.lead_gain, (count, leads + 1))
    lead_gain = np.concatenate([lead_gain, np.repeat(lead_gain[:, -1:], STRIP_ROWS - 1, axis=1)], axis=1)
    gain = np.exp(random.normal(0, recipe.page_gain, (count, 1)) + lead_gain).astype(np.float32)
    amplitude, known = windows[..., 0] * gain[..., None], windows[..., 1]
    noise = random.normal(size=amplitude.shape) * random.uniform(0, recipe.noise_mv, gain.shape)[..., None]
    amplitude = amplitude + noise.astype(np.float32)
    varied = np.stack([amplitude * known, known], axis=-1)
    varied[:, :leads][random.random((count, leads)) < recipe.lost_leads] = 0
    shifts = random.integers(-recipe.shift, recipe.shift, (count, 2), endpoint=True)
    for window, (by, strip_by) in zip(varied, shifts, strict=True):
        window[:leads] = shifted(window[:leads], by)
        strip = shifted(window[leads:].reshape(1, -1, windows.shape[-1]), strip_by)
        window[leads:] = strip.reshape(window[leads:].shape)
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
