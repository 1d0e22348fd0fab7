"""Beats and waves of LUDB as cardiologists marked them, over all leads, and what was measured held against them."""

from dataclasses import dataclass

import numpy as np

from train import ludb

BOUNDARIES = ("p_onset", "p_peak", "p_end", "qrs_onset", "qrs_end", "t_peak", "t_end")
WAVE_OF = {"p": "P", "qrs": "QRS", "t": "T"}
MARK_OF = {"onset": "onset", "peak": "peak", "end": "offset"}
APART = 75
"""Marks of one wave whose peaks are less than 150 ms apart are one wave in several leads; a beat is found within as much."""
LEADS_OF_A_BEAT, LEADS_OF_A_MARK = 6, 3
"""A beat is one where so many leads have a QRS mark; a boundary is the median where so many leads have it."""
RATE_HZ = ludb.RATE_HZ


@dataclass(frozen=True)
class Truth:
    """One record: `beats` (B,) sample numbers of its beats; `doubtful` those that few leads mark; `marks` {boundary: (B,) sample numbers},
    each the median over leads, NaN where too few have it."""

    beats: np.ndarray
    doubtful: np.ndarray
    marks: dict


def truths(folder=None):
    """{record number: Truth} of the whole of LUDB."""
    waves = {}
    for wave in ludb.read_waves(folder):
        if wave.wave and wave.peak is not None:
            waves.setdefault(wave.record, {}).setdefault(wave.wave, []).append(wave)
    return {record: _truth(by_kind) for record, by_kind in waves.items()}


def _truth(by_kind):
    complexes = _grouped(by_kind.get("QRS", []))
    whole = [len({wave.lead for wave in group}) >= LEADS_OF_A_BEAT for group in complexes]
    peaks = _middles(complexes)
    beats = peaks[whole]
    marks = {name: np.full(len(beats), np.nan) for name in BOUNDARIES}
    for kind in ("P", "QRS", "T"):
        groups = complexes if kind == "QRS" else _grouped(by_kind.get(kind, []))
        middles = _middles(groups)
        for number in range(len(beats)):
            group = _group_of(kind, middles, number, beats)
            if group is None:
                continue
            for name in BOUNDARIES:
                wave, _, end = name.partition("_")
                if WAVE_OF[wave] == kind:
                    told = [getattr(mark, MARK_OF[end]) for mark in groups[group]]
                    told = [at for at in told if at is not None]
                    marks[name][number] = np.median(told) if len(told) >= LEADS_OF_A_MARK else np.nan
    return Truth(beats, peaks[~np.array(whole, bool)], marks)


def _grouped(waves):
    groups = []
    for wave in sorted(waves, key=lambda wave: wave.peak):
        if groups and wave.peak - groups[-1][-1].peak < APART:
            groups[-1].append(wave)
        else:
            groups.append([wave])
    return groups


def _middles(groups):
    return np.array([np.median([wave.peak for wave in group]) for group in groups])


def _group_of(kind, middles, number, beats):
    """The group of a beat: its complex, the last P before it, the first T after it, none beyond the next beats."""
    before = beats[number - 1] if number else beats[number] - RATE_HZ
    after = beats[number + 1] if number + 1 < len(beats) else beats[number] + RATE_HZ
    if kind == "QRS":
        return int(np.abs(middles - beats[number]).argmin())
    lowest, highest = (before, beats[number]) if kind == "P" else (beats[number], after)
    inside = np.flatnonzero((middles > lowest) & (middles < highest))
    return None if not len(inside) else int(inside[-1 if kind == "P" else 0])


@dataclass
class Tally:
    """What is counted over records: beats found, missed and invented; {boundary: errors in ms}; {boundary: how many are marked}."""

    found: int
    missed: int
    invented: int
    errors_ms: dict
    marked: dict


def empty():
    """A `Tally` of nothing."""
    return Tally(0, 0, 0, {name: [] for name in BOUNDARIES}, dict.fromkeys(BOUNDARIES, 0))


def count(tally, truth, beats, dominant, offsets):
    """Add one record to a `Tally`: `beats` and `dominant` ones (samples), {boundary: samples from each dominant beat, None where not made out}.

    Beats count from the first to the last one that is marked, boundaries at those of dominant shape.
    """
    beats, dominant = np.asarray(beats, float), np.asarray(dominant, float)
    first, last = truth.beats[0] - APART, truth.beats[-1] + APART
    known = np.concatenate([truth.beats, truth.doubtful])
    hits = [_near(beats, at) for at in truth.beats]
    tally.found += sum(hits)
    tally.missed += hits.count(False)
    tally.invented += len([at for at in beats if first <= at <= last and not _near(known, at)])
    for name in BOUNDARIES:
        marked = truth.marks[name]
        for number in np.flatnonzero(np.isfinite(marked)):
            tally.marked[name] += 1
            if _near(dominant, truth.beats[number]) and offsets.get(name) is not None:
                beat = dominant[np.abs(dominant - truth.beats[number]).argmin()]
                tally.errors_ms[name].append(1000 / RATE_HZ * (beat + offsets[name] - marked[number]))


def count_marks(tally, truth, beats, places):
    """Add one record to a `Tally` of a method that marks each beat by itself: `beats` (K,) samples, {boundary: (K,) samples, NaN where not made
    out}."""
    beats = np.asarray(beats, float)
    count(tally, truth, beats, [], dict.fromkeys(BOUNDARIES))
    for name in BOUNDARIES:
        marked = truth.marks[name]
        for number in np.flatnonzero(np.isfinite(marked)):
            if _near(beats, truth.beats[number]):
                at = places[name][np.abs(beats - truth.beats[number]).argmin()]
                if np.isfinite(at):
                    tally.errors_ms[name].append(1000 / RATE_HZ * (at - marked[number]))


def _near(places, at):
    return bool(len(places) and np.abs(places - at).min() <= APART)


def summary(tally):
    """{sensitivity, precision, beats, boundaries {name: marked, told, mean_ms, sd_ms}} of a `Tally`."""
    return {
        "beats": tally.found + tally.missed,
        "sensitivity": tally.found / max(tally.found + tally.missed, 1),
        "precision": tally.found / max(tally.found + tally.invented, 1),
        "boundaries": {
            name: {
                "marked": tally.marked[name],
                "told": len(errors) / max(tally.marked[name], 1),
                "mean_ms": float(np.mean(errors)) if errors else None,
                "sd_ms": float(np.std(errors)) if errors else None,
            }
            for name, errors in tally.errors_ms.items()
        },
    }
