"""The simulator keeps the laws of the leads and shows what its classes are named for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_edge.errors import UsageError
from ecg_edge.layout import CLASSES, LEADS_12
from ecg_edge.simulator import heart

RATE_HZ = 500
Q_BEFORE_R_S = (0.055, 0.012)


def lead(signals, name):
    return signals[LEADS_12.index(name)]


def r_peaks(signal, least=0.5, refractory_s=0.25):
    """Samples of the highest points above `least` of the maximum, one to each beat."""
    peaks = []
    for at in np.flatnonzero(signal > least * signal.max()):
        if peaks and at - peaks[-1] < refractory_s * RATE_HZ:
            peaks[-1] = at if signal[at] > signal[peaks[-1]] else peaks[-1]
        else:
            peaks.append(at)
    return np.array(peaks)


def whole_beats(name, pattern_name, kind):
    """The signal of `name` and the R peaks (of V5 and aVF together) away from both ends, for the pattern of that name."""
    seed = next(s for s in range(20) if heart.pattern_for(kind, s).name == pattern_name)
    signals = heart.simulate(kind, seed=seed)
    reference = lead(signals, "V5").clip(0) + lead(signals, "aVF").clip(0)
    peaks = r_peaks(reference)
    return lead(signals, name), peaks[(peaks > 0.4 * RATE_HZ) & (peaks < signals.shape[1] - 0.4 * RATE_HZ)]


def st_level_mv(signal, peaks):
    """The median of the ST segment's level above that of the segment before Q."""
    segment, before = int(0.09 * RATE_HZ), int(0.075 * RATE_HZ)
    return np.median(signal[peaks + segment] - signal[peaks - before])


@settings(max_examples=25)
@given(kind=st.sampled_from(CLASSES), seed=st.integers(0, 2**32 - 1))
def test_einthovens_and_goldbergers_laws_hold_exactly(kind, seed):
    one, two, three, avr, avl, avf = heart.simulate(kind, seconds=3.0, seed=seed)[:6]
    assert np.array_equal(one + three, two)
    assert np.array_equal(avr, -(one + two) / 2)
    assert np.array_equal(avl, one - two / 2)
    assert np.array_equal(avf, two - one / 2)
    assert np.ptp(one) > 0.1 and np.ptp(two) > 0.1


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("seconds, rate_hz, samples", [(10.0, 500, 5000), (2.5, 250, 625), (10.0, 100, 1000)])
def test_a_signal_is_twelve_leads_of_float32(kind, seconds, rate_hz, samples):
    signals = heart.simulate(kind, seconds=seconds, rate_hz=rate_hz)
    assert signals.shape == (12, samples) and signals.dtype == np.float32
    assert np.isfinite(signals).all()


@pytest.mark.parametrize("kind", CLASSES)
def test_the_same_seed_gives_the_same_bytes_and_another_does_not(kind):
    first = heart.simulate(kind, seed=5)
    assert first.tobytes() == heart.simulate(kind, seed=5).tobytes()
    assert first.tobytes() != heart.simulate(kind, seed=5 + len(heart.PATTERNS[kind])).tobytes()


def test_every_class_has_patterns():
    assert tuple(heart.PATTERNS) == CLASSES
    assert all(heart.PATTERNS.values())


def test_every_pattern_is_chosen_by_some_seed():
    for kind, patterns in heart.PATTERNS.items():
        assert {heart.pattern_for(kind, seed).name for seed in range(len(patterns))} == {p.name for p in patterns}


def test_an_unknown_kind_is_refused():
    with pytest.raises(UsageError, match="kind must be one of normal, abnormal, infarction, history, not 'flutter'"):
        heart.simulate("flutter")


@pytest.mark.parametrize("wrong", [{"seconds": 0}, {"seconds": -1.0}, {"rate_hz": 0}])
def test_lengths_and_rates_must_be_positive(wrong):
    with pytest.raises(UsageError, match="must be positive"):
        heart.simulate(**wrong)


@pytest.mark.parametrize("seed", range(8))
def test_r_grows_from_v1_to_v4_and_s_shrinks_from_v3_to_v6(seed):
    signals = heart.simulate("normal", seed=seed)
    r = {name: lead(signals, name).max() for name in LEADS_12}
    s = {name: -lead(signals, name).min() for name in LEADS_12}
    assert r["V1"] < r["V3"] < r["V4"] and r["V6"] < r["V5"]
    assert s["V1"] > 1.3 * r["V1"], "V1 is rS"
    assert s["V3"] > s["V4"] > s["V5"] > s["V6"]
    assert 0.5 < s["V2"] < 1.6


@pytest.mark.parametrize("seed", range(8))
def test_a_normal_heart_has_amplitudes_and_a_rate_of_the_textbook(seed):
    signals = heart.simulate("normal", seed=seed)
    for name in ("I", "II", "V5"):
        assert 0.4 < lead(signals, name).max() < 1.7, name
    beats = np.diff(r_peaks(lead(signals, "II"))) / RATE_HZ
    assert 60 / 90 < beats.mean() < 60 / 55


@pytest.mark.parametrize("name, sign", [("I", 1), ("II", 1), ("V3", 1), ("V4", 1), ("V5", 1), ("V6", 1), ("aVR", -1)])
def test_t_is_upright_in_normal_leads_and_inverted_in_avr(name, sign):
    signal, peaks = whole_beats(name, "sinus rhythm", "normal")
    after = np.median([signal[p + 110 : p + 180].mean() for p in peaks[:-1]])
    assert sign * (after - np.median(signal)) > 0.04


@pytest.mark.parametrize("pattern", heart.PATTERNS["infarction"], ids=lambda p: p.name)
def test_st_is_raised_in_the_infarctions_territory_and_lowered_opposite(pattern):
    for name in pattern.st_elevation:
        assert st_level_mv(*whole_beats(name, pattern.name, "infarction")) > 0.1, name
    for name in pattern.st_depression:
        assert st_level_mv(*whole_beats(name, pattern.name, "infarction")) < -0.05, name


@pytest.mark.parametrize("name", LEADS_12)
def test_st_is_level_in_a_normal_heart(name):
    assert abs(st_level_mv(*whole_beats(name, "sinus rhythm", "normal"))) < 0.1


@pytest.mark.parametrize("pattern", heart.PATTERNS["history"], ids=lambda p: p.name)
def test_q_is_deep_in_the_scars_territory_only(pattern):
    start, stop = (int(second * RATE_HZ) for second in Q_BEFORE_R_S)
    for name in ("I", "II", "V3", "V5", *pattern.pathological_q):
        signal, peaks = whole_beats(name, pattern.name, "history")
        q_mv = np.median([np.median(signal[p - 60 : p - 35]) - signal[p - start : p - stop].min() for p in peaks])
        if name in pattern.pathological_q:
            assert q_mv > 0.2, name
        elif name in ("II", "V5") and pattern.name != "anterior":
            assert q_mv < 0.2, name


@pytest.mark.parametrize("pattern", heart.PATTERNS["history"], ids=lambda p: p.name)
def test_t_is_inverted_over_a_scar(pattern):
    for name in pattern.pathological_q:
        signal, peaks = whole_beats(name, pattern.name, "history")
        low = np.median([signal[p + 90 : p + 190].min() - np.median(signal[p - 60 : p - 40]) for p in peaks])
        assert low < -0.05, name


def test_an_anterior_scar_takes_the_growth_of_r_away():
    scarred, normal = heart.simulate("history", seed=0), heart.simulate("normal", seed=0)
    assert heart.pattern_for("history", 0).name == "anterior"
    assert lead(scarred, "V3").max() < 0.4 * lead(normal, "V3").max()


def rr_variation(signals):
    rr_s = np.diff(r_peaks(lead(signals, "V5"), 0.4)) / RATE_HZ
    return rr_s.std() / rr_s.mean()


def test_fibrillation_and_premature_beats_make_rr_irregular_and_a_sinus_rhythm_does_not():
    seeds = [s for s in range(35) if "beats" in (n := heart.pattern_for("abnormal", s).name) or "fibrillation" in n]
    assert min(rr_variation(heart.simulate("abnormal", seed=s)) for s in seeds) > 0.08
    assert max(rr_variation(heart.simulate("normal", seed=s)) for s in range(10)) < 0.07


def test_fast_and_slow_hearts_are_outside_60_to_100():
    rates = {}
    for seed in range(7):
        peaks = r_peaks(lead(heart.simulate("abnormal", seed=seed), "II"))
        rates[heart.pattern_for("abnormal", seed).name] = 60 / (np.diff(peaks).mean() / RATE_HZ)
    assert rates["sinus bradycardia"] < 55 and rates["sinus tachycardia"] > 105


def test_a_bundle_branch_block_widens_qrs():
    def width_s(kind, name):
        signal, peaks = whole_beats("V1", name, kind)
        return np.median([(np.abs(np.gradient(signal[p - 40 : p + 60])) > 0.012).sum() for p in peaks]) / RATE_HZ

    normal = width_s("normal", "sinus rhythm")
    for name in ("right bundle branch block", "left bundle branch block"):
        assert width_s("abnormal", name) > 1.25 * normal


def test_the_signal_stays_below_the_recorders_band():
    for kind in CLASSES:
        power = np.abs(np.fft.rfft(heart.simulate(kind, seed=2) * np.hanning(5000))) ** 2
        frequency = np.fft.rfftfreq(5000, 1 / RATE_HZ)
        assert power[:, frequency > 50].sum() < 1e-3 * power[:, frequency > 0.3].sum()
