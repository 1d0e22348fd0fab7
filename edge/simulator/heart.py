"""Twelve leads of a simulated ECG.

The heart's dipole is a sum of Gaussians over the phase of the beat (McSharry et al., IEEE Trans. Biomed. Eng. 50(3),
2003, DOI 10.1109/TBME.2003.808805) in three dimensions (Sameni et al., EURASIP J. Adv. Signal Process., 2007,
DOI 10.1155/2007/43407), here summed in closed form, beat by beat. It is projected on the leads with the vectors of Dower,
Machado and Osborne (Clin. Cardiol. 3, 1980, DOI 10.1002/clc.1980.3.2.87). The amplitudes were chosen for textbook shapes,
not fitted to a person.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..errors import UsageError
from ..layout import CLASSES

LEAD_VECTORS = {
    "I": (0.632, -0.235, 0.059),
    "II": (0.235, 1.066, -0.132),
    "V1": (-0.515, 0.157, -0.917),
    "V2": (0.044, 0.164, -1.387),
    "V3": (0.882, 0.098, -1.277),
    "V4": (1.213, 0.127, -0.601),
    "V5": (1.125, 0.127, -0.086),
    "V6": (0.831, 0.076, 0.230),
}
"""Dower's weights of the dipole's x (to the left), y (to the feet) and z (to the back)."""


@dataclass(frozen=True)
class Wave:
    """One Gaussian of a beat: its phase and width at 60 beats a minute, and the dipole at its peak.

    Its times go with RR to the power of `stretch`: 0 keeps the wave's duration, 0.5 is Bazett's rule.
    """

    name: str
    phase_rad: float
    width_rad: float
    x_mv: float
    y_mv: float
    z_mv: float
    stretch: float = 0.0


@dataclass(frozen=True)
class Pattern:
    """One morphology and rhythm: `beat` at a rate drawn from `rate_bpm`.

    `scatter` is the part of RR that changes at random from beat to beat; `ectopic` replaces each `ectopic_every`-th beat, early,
    and a pause follows; `fibrillation_mv` is the dipole of an atrium without P waves. `st_elevation` and `st_depression` are the leads
    whose ST segment is so, `pathological_q` those that show a pathological Q wave or no R (QS).
    """

    name: str
    beat: tuple[Wave, ...]
    rate_bpm: tuple[float, float] = (60.0, 85.0)
    scatter: float = 0.0
    ectopic: tuple[Wave, ...] = ()
    ectopic_every: int = 0
    fibrillation_mv: float = 0.0
    st_elevation: tuple[str, ...] = ()
    st_depression: tuple[str, ...] = ()
    pathological_q: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recorder:
    """What a recording shows beside the pattern: the variability of RR, noise in the band of 0.67 to 25 Hz, and the least bit.

    The peaks of RR's spectrum are McSharry's: Mayer waves (LF) and respiration (HF).
    """

    lf_hz: float = 0.1
    hf_hz: float = 0.25
    peak_width_hz: float = 0.01
    lf_to_hf: float = 0.5
    rr_variation: float = 0.03
    wander_hz: tuple[float, float] = (0.67, 0.9)
    wander_mv: float = 0.015
    muscle_mv: float = 0.006
    muscle_sigma_s: float = 0.008
    bits_per_mv: int = 1024
    """A power of two: limb leads on this grid obey Einthoven's law exactly, in float32 too."""
    early: float = 0.62
    """The part of RR after which an ectopic beat comes; the pause makes it up to two."""


_P = (Wave("P", -1.02, 0.17, 0.09, 0.085, -0.03, 0.5),)
_SEPTUM = (Wave("Q", -0.20, 0.055, -0.12, -0.05, -0.22),)
_QRS = _SEPTUM + (Wave("R", 0.0, 0.065, 1.12, 0.66, 0.20), Wave("S", 0.15, 0.072, -0.14, -0.14, 0.62))
_T = (Wave("T", 1.50, 0.38, 0.17, 0.10, -0.10, 0.5), Wave("T", 1.85, 0.22, 0.17, 0.10, -0.10, 0.5))
_SINUS = _P + _QRS + _T


def _elevated_st(x_mv: float, y_mv: float, z_mv: float) -> tuple[Wave, ...]:
    """A raised ST segment that runs into a tall, broad T, along one direction."""
    return tuple(
        Wave(name, phase, width, part * x_mv, part * y_mv, part * z_mv, 0.5)
        for name, phase, width, part in (("ST", 0.42, 0.20, 0.6), ("ST", 0.80, 0.30, 1.0), ("T", 1.45, 0.40, 1.4))
    )


def _inverted_t(x_mv: float, y_mv: float, z_mv: float) -> tuple[Wave, ...]:
    """A narrow, symmetrical, inverted T: the vector is that of its peak."""
    return (Wave("T", 1.75, 0.27, x_mv, y_mv, z_mv, 0.5),)


_WIDE = (
    Wave("R", 0.10, 0.18, -0.50, 0.85, -0.80),
    Wave("S", 0.62, 0.19, 0.35, -0.35, 0.30),
    Wave("T", 1.35, 0.36, 0.30, -0.35, 0.32),
)
_RIGHT_BUNDLE = _P + _QRS + (Wave("R'", 0.46, 0.12, -0.38, 0.0, -0.55),) + _inverted_t(0.28, 0.16, 0.06)
_LEFT_BUNDLE = (
    _P
    + (Wave("R", -0.10, 0.13, 0.65, 0.35, 0.40), Wave("R", 0.30, 0.15, 0.75, 0.30, 0.70))
    + (Wave("T", 1.75, 0.36, -0.28, -0.05, -0.28, 0.5),)
)

PATTERNS = {
    "normal": (Pattern("sinus rhythm", _SINUS),),
    "abnormal": (
        Pattern("premature ventricular beats", _SINUS, ectopic=_WIDE, ectopic_every=4),
        Pattern("ventricular trigeminy", _SINUS, ectopic=_WIDE, ectopic_every=3),
        Pattern("atrial fibrillation", _QRS + _T, (75.0, 120.0), scatter=0.2, fibrillation_mv=0.05),
        Pattern("sinus bradycardia", _SINUS, (38.0, 48.0)),
        Pattern("sinus tachycardia", _SINUS, (115.0, 135.0)),
        Pattern("right bundle branch block", _RIGHT_BUNDLE),
        Pattern("left bundle branch block", _LEFT_BUNDLE),
    ),
    "infarction": (
        Pattern("anterior", _SINUS + _elevated_st(0.10, -0.02, -0.22), (70.0, 100.0), st_elevation=("V2", "V3", "V4")),
        Pattern(
            "inferior",
            _SINUS + _elevated_st(-0.12, 0.26, 0.05),
            (55.0, 80.0),
            st_elevation=("II", "III", "aVF"),
            st_depression=("I", "aVL"),
        ),
        Pattern(
            "lateral",
            _SINUS + _elevated_st(0.26, -0.20, 0.05),
            (70.0, 95.0),
            st_elevation=("I", "aVL", "V5", "V6"),
            st_depression=("III", "aVF"),
        ),
    ),
    "history": (
        Pattern(
            "anterior",
            _P
            + (
                Wave("Q", -0.16, 0.09, -0.30, -0.05, 0.55),
                Wave("R", 0.05, 0.063, 0.62, 0.62, 0.50),
                Wave("S", 0.19, 0.065, -0.18, -0.12, 0.45),
            )
            + _inverted_t(0.02, 0.08, 0.20),
            pathological_q=("V1", "V2", "V3"),
        ),
        Pattern(
            "inferior",
            _P
            + (
                Wave("Q", -0.17, 0.10, 0.05, -0.62, -0.10),
                Wave("R", 0.05, 0.063, 0.95, 0.55, 0.10),
                Wave("S", 0.20, 0.065, -0.12, -0.05, 0.60),
            )
            + _inverted_t(0.26, -0.22, -0.16),
            pathological_q=("II", "III", "aVF"),
        ),
        Pattern(
            "lateral",
            _P
            + (
                Wave("Q", -0.17, 0.10, -0.62, 0.10, -0.20),
                Wave("R", 0.05, 0.063, 0.80, 0.75, 0.10),
                Wave("S", 0.20, 0.065, -0.05, -0.10, 0.60),
            )
            + _inverted_t(-0.24, 0.12, -0.10),
            pathological_q=("I", "aVL", "V5", "V6"),
        ),
    ),
}
"""Patterns by class: what `simulate` chooses from."""


def pattern_for(kind: str, seed: int = 0) -> Pattern:
    """The `Pattern` that `simulate` takes for this class and seed."""
    if kind not in PATTERNS:
        raise UsageError(f"kind must be one of {', '.join(CLASSES)}, not {kind!r}")
    return PATTERNS[kind][seed % len(PATTERNS[kind])]


def simulate(
    kind: str = "normal", *, seconds: float = 10.0, rate_hz: float = 500, seed: int = 0, recorder: Recorder = Recorder()
) -> np.ndarray:
    """Twelve simultaneous leads of one simulated person.

    Parameters
    ----------
    kind : str
        One of `layout.CLASSES`.
    seconds, rate_hz : float
        Length and sampling rate.
    seed : int
        Chooses the pattern, the person and the noise; the same seed gives the same bytes.

    Returns
    -------
    (12, seconds * rate_hz) float32 array
        Millivolts, in the order of `layout.LEADS_12`. Einthoven's and Goldberger's laws hold without rounding.
    """
    pattern = pattern_for(kind, seed)
    if seconds <= 0 or rate_hz <= 0:
        raise UsageError(f"seconds and rate_hz must be positive, not {seconds} and {rate_hz}")
    rng = np.random.default_rng([CLASSES.index(kind), seed])
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    dipole = _dipole(pattern, time_s, rng, recorder)
    leads = {
        name: np.array(vector) @ dipole + _noise(time_s, rate_hz, rng, recorder)
        for name, vector in LEAD_VECTORS.items()
    }
    one, two, *chest = (np.rint(lead * recorder.bits_per_mv) / recorder.bits_per_mv for lead in leads.values())
    limbs = one, two, two - one, -(one + two) / 2, one - two / 2, two - one / 2
    return np.stack([*limbs, *chest]).astype(np.float32)


def _dipole(pattern: Pattern, time_s: np.ndarray, rng: np.random.Generator, recorder: Recorder) -> np.ndarray:
    """(3, n) float64 dipole in millivolts: x, y and z, of a heart whose size and axis are chosen at random."""
    dipole = np.zeros((3, time_s.size))
    for peak_s, rr_s, ectopic in _beats(pattern, time_s[-1], rng, recorder):
        for wave in pattern.ectopic if ectopic else pattern.beat:
            scale_s = rr_s**wave.stretch / (2 * np.pi)
            bell = np.exp(-0.5 * ((time_s - peak_s - wave.phase_rad * scale_s) / (wave.width_rad * scale_s)) ** 2)
            dipole += np.outer((wave.x_mv, wave.y_mv, wave.z_mv), bell)
    if pattern.fibrillation_mv:
        for direction, rate_hz in zip(((-0.4, 0.6, -1.0), (0.2, 0.6, -0.5)), rng.uniform(5.0, 7.5, 2), strict=True):
            swing = np.sin(2 * np.pi * rate_hz * time_s + 1.5 * np.sin(2 * np.pi * rng.uniform(0.3, 0.6) * time_s))
            dipole += pattern.fibrillation_mv * np.outer(direction, swing)
    turn = np.deg2rad(rng.uniform(-6.0, 6.0))
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    dipole[:2] = rotation @ dipole[:2]
    return rng.uniform(0.9, 1.2) * dipole


def _beats(
    pattern: Pattern, end_s: float, rng: np.random.Generator, recorder: Recorder
) -> list[tuple[float, float, bool]]:
    """(R peak in seconds, RR in seconds, ectopic?) of every beat that reaches into 0 to `end_s`."""
    mean_s = 60.0 / rng.uniform(*pattern.rate_bpm)
    variation = _rr_variation(rng, recorder)
    peak_s, count, beats = -rng.uniform(0.5, 1.5) * mean_s, int(rng.integers(0, 8)), []
    while peak_s < end_s + mean_s:
        rr_s = mean_s * (1.0 + variation(peak_s) + np.clip(pattern.scatter * rng.standard_normal(), -0.4, 0.6))
        count += 1
        ectopic = bool(pattern.ectopic) and count % pattern.ectopic_every == 0
        before_ectopic = bool(pattern.ectopic) and (count + 1) % pattern.ectopic_every == 0
        beats.append((peak_s, rr_s, ectopic))
        peak_s += rr_s * (2.0 - recorder.early if ectopic else recorder.early if before_ectopic else 1.0)
    return beats


def _rr_variation(rng: np.random.Generator, recorder: Recorder) -> Callable[[float], float]:
    """A function of time in seconds: RR's relative deviation, random phases under McSharry's two-peaked spectrum."""
    step_s, count = 0.25, 512
    frequency = np.fft.rfftfreq(count, d=step_s)
    peaks = (recorder.lf_hz, recorder.lf_to_hf), (recorder.hf_hz, 1.0)
    power = sum(share * np.exp(-0.5 * ((frequency - at) / recorder.peak_width_hz) ** 2) for at, share in peaks)
    series = np.fft.irfft(np.sqrt(power) * np.exp(2j * np.pi * rng.random(frequency.size)))
    series *= recorder.rr_variation / series.std()
    at_s = np.arange(count) * step_s
    return lambda time_s: float(np.interp(time_s, at_s, series, period=count * step_s))


def _noise(time_s: np.ndarray, rate_hz: float, rng: np.random.Generator, recorder: Recorder) -> np.ndarray:
    """(n,) float64 millivolts of one electrode: slow wander and smooth muscle noise."""
    frequency, phase = rng.uniform(*recorder.wander_hz), rng.uniform(0.0, 2 * np.pi)
    wander = recorder.wander_mv * np.sin(2 * np.pi * frequency * time_s + phase)
    sigma = max(recorder.muscle_sigma_s * rate_hz, 0.5)
    reach = int(np.ceil(4 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    muscle = np.convolve(rng.standard_normal(time_s.size + 2 * reach), kernel / np.sqrt((kernel**2).sum()), "valid")
    return wander + recorder.muscle_mv * muscle
