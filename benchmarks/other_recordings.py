"""Drawn pages of other physiological recordings: electroencephalograms, respiration, pulse, electromyograms, cardiotocograms, sleep, and ECGs of fewer than twelve leads."""

import numpy as np
from PIL import Image, ImageDraw

from ecg_edge.simulator.heart import simulate

from . import papers

RATE_HZ = 200
CLASSES = ("normal", "abnormal", "infarction", "history")
MONTAGE = ("Fp1-F7", "F7-T3", "T3-T5", "T5-O1", "Fp1-F3", "F3-C3", "C3-P3", "P3-O1", "Fz-Cz", "Cz-Pz", "Fp2-F4", "F4-C4",
           "C4-P4", "P4-O2", "Fp2-F8", "F8-T4", "T4-T6", "T6-O2", "EOG L", "EOG R")  # fmt: skip


def ecg_lead(rng, seconds, lead=1):
    """(n,) one lead of a simulated heart."""
    kind = CLASSES[rng.integers(4)]
    return simulate(kind, seconds=seconds, rate_hz=RATE_HZ, seed=int(rng.integers(1 << 30)))[lead]


def eeg_channel(rng, seconds):
    """(n,) one electroencephalogram: noise that falls with frequency, and an alpha rhythm that comes and goes."""
    count = int(seconds * RATE_HZ)
    frequency = np.fft.rfftfreq(count, 1 / RATE_HZ)
    shape = np.where(frequency < 45, 1 / np.maximum(frequency, 1.0) ** rng.uniform(0.8, 1.3), 0)
    noise = np.fft.irfft(shape * np.exp(2j * np.pi * rng.random(frequency.size)), count)
    time = np.arange(count) / RATE_HZ
    envelope = np.clip(np.sin(2 * np.pi * rng.uniform(0.1, 0.4) * time + rng.uniform(0, 6)), 0, None)
    alpha = envelope * np.sin(2 * np.pi * rng.uniform(8, 12) * time)
    return 0.35 * noise / noise.std() + rng.uniform(0, 0.6) * alpha


def pulse(rng, seconds, notch=0.45):
    """(n,) a pressure or light pulse: an upstroke, a slow fall with a second wave, breath in its height."""
    time, wave, at = np.arange(int(seconds * RATE_HZ)) / RATE_HZ, 0, -1.0
    beat_s = rng.uniform(0.6, 1.1)
    while at < seconds + 1:
        phase = time - at
        wave = wave + np.exp(-0.5 * ((phase - 0.15) / 0.075) ** 2)
        wave = wave + notch * np.exp(-0.5 * ((phase - 0.42) / 0.11) ** 2)
        at += beat_s * rng.normal(1, 0.03)
    return wave * (1 + 0.1 * np.sin(2 * np.pi * 0.25 * time)) - 0.5


def respiration(rng, seconds):
    """(n,) chest movement: slow waves whose length and depth vary."""
    time = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    rate = rng.uniform(0.15, 0.4) * (1 + 0.15 * np.sin(2 * np.pi * 0.03 * time + rng.uniform(0, 6)))
    depth = 0.6 + 0.25 * np.sin(2 * np.pi * 0.02 * time + rng.uniform(0, 6))
    return depth * np.sin(2 * np.pi * np.cumsum(rate) / RATE_HZ)


def capnogram(rng, seconds):
    """(n,) a capnogram: steep rise, plateau that climbs a little, steep fall."""
    time = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    phase = (time * rng.uniform(0.18, 0.35) + rng.random()) % 1
    up, down = 1 / (1 + np.exp(-(phase - 0.35) * 60)), 1 / (1 + np.exp((phase - 0.85) * 90))
    return up * down * (0.85 + 0.3 * phase) - 0.5


def electromyogram(rng, seconds):
    """(n,) an electromyogram: bursts of noise."""
    time = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    burst = np.clip(np.sin(2 * np.pi * rng.uniform(0.2, 0.7) * time + rng.uniform(0, 6)), 0.05, None)
    return 0.4 * burst * rng.standard_normal(time.size)


SIGNALS = {
    "ppg": pulse,
    "respiration": respiration,
    "capnography": capnogram,
    "emg": electromyogram,
    "eeg": eeg_channel,
}


def rows_page(rng, rows, labels, paper=None, spacing_mm=None, mm_per_s=25.0, gain_mm=8.0, pen_mm=0.4, names=True):
    """A picture of signals (rows, n) one below the other on `paper` (drawn at random where None)."""
    px_per_mm = float(rng.uniform(5.5, 8))
    spacing = (spacing_mm or rng.uniform(18, 30)) * px_per_mm
    length = max(len(row) for row in rows) / RATE_HZ * mm_per_s * px_per_mm
    margin = rng.uniform(12, 25) * px_per_mm
    size = int(length + 2 * margin), int(spacing * len(rows) + 2 * margin)
    paper = paper if paper is not None else papers.grid(rng, size, px_per_mm)
    draw, ink = ImageDraw.Draw(paper), tuple(int(v) for v in rng.integers(0, 70, 3))
    font = papers.font(rng, 3.2 * px_per_mm)
    for i, (row, label) in enumerate(zip(rows, labels, strict=True)):
        base = margin + spacing * (i + 0.5)
        x = margin + np.arange(len(row)) / RATE_HZ * mm_per_s * px_per_mm
        y = base - np.asarray(row) * gain_mm * px_per_mm
        draw.line(np.stack([x, y], 1).ravel().tolist(), ink, max(1, round(pen_mm * px_per_mm)), joint="curve")
        if names and label:
            draw.text((margin, base - 0.45 * spacing), label, ink, font)
    if rng.random() < 0.6:
        papers.header(rng, draw, (margin, 0.2 * margin), px_per_mm)
    return paper


def eeg(rng):
    """A page of an electroencephalogram: many rows, often without any grid."""
    count, seconds = int(rng.integers(8, 21)), float(rng.uniform(8, 12))
    paper = None if rng.random() < 0.3 else _plain
    rows = [eeg_channel(rng, seconds) for _ in range(count)]
    gain = float(rng.uniform(4, 9))
    return _rows(rng, rows, MONTAGE[:count], paper, float(rng.uniform(8, 13)), gain)


def polysomnogram(rng):
    """A page of a sleep recording: brain, eyes, chin, respiration, oxygen and a single lead of the heart."""
    seconds = float(rng.choice([15, 30]))
    kinds = (
        eeg_channel,
        eeg_channel,
        eeg_channel,
        eeg_channel,
        electromyogram,
        respiration,
        respiration,
        capnogram,
        pulse,
    )
    rows = [kind(rng, seconds) for kind in kinds] + [ecg_lead(rng, seconds)]
    labels = ("C3-A2", "C4-A1", "O1-A2", "O2-A1", "CHIN", "THOR", "ABDO", "FLOW", "PLETH", "EKG")
    return _rows(rng, rows, labels, _plain, float(rng.uniform(12, 18)), 5.0, mm_per_s=280 / seconds)


def single_signal(kind):
    """A drawer of one or two rows of one physiological signal."""

    def draw(rng):
        seconds, count = float(rng.uniform(8, 20)), int(rng.integers(1, 3))
        rows = [SIGNALS[kind](rng, seconds) for _ in range(count)]
        return rows_page(rng, rows, [kind.upper()] * count, mm_per_s=250 / seconds, gain_mm=float(rng.uniform(8, 14)))

    return draw


def pressure(rng):
    """An arterial pressure curve with a scale at its side."""
    seconds = float(rng.uniform(6, 15))
    return rows_page(rng, [pulse(rng, seconds, 0.6)], ["ABP mmHg"], spacing_mm=50, mm_per_s=240 / seconds, gain_mm=18.0)


def rhythm_strip(rng):
    """One lead of an ECG over 6 to 10 s on its grid: an ECG, and not twelve leads."""
    return rows_page(
        rng, [ecg_lead(rng, float(rng.uniform(6, 10)))], [("II", "", "MCL1")[rng.integers(3)]], gain_mm=10.0
    )


def ambulatory(rng):
    """A page of a Holter recording: a single lead, row after row."""
    count, seconds = int(rng.integers(8, 24)), 60.0
    rows = [ecg_lead(rng, seconds) for _ in range(count)]
    labels = [f"{10 + i // 60:02d}:{i % 60:02d}" for i in range(count)]
    return _rows(rng, rows, labels, _plain, 8.5, 3.0, mm_per_s=4.6)


def three_leads(rng):
    """A strip of two or three leads, as of a defibrillator or an event recorder."""
    count, seconds = int(rng.integers(2, 4)), float(rng.uniform(5, 8))
    beat = simulate("normal", seconds=seconds, rate_hz=RATE_HZ, seed=int(rng.integers(1 << 30)))
    return rows_page(rng, beat[:count], ["I", "II", "III"][:count], gain_mm=10.0)


def cardiotocogram(rng):
    """A cardiotocogram: the rate of a fetal heart above, contractions below, on their own paper."""
    px, minutes = float(rng.uniform(5.5, 7.5)), float(rng.uniform(12, 25))
    width, height = int(minutes * 10 * px), int(150 * px)
    color = ((235, 150, 140), (150, 200, 160), (240, 180, 120))[rng.integers(3)]
    paper = Image.new("RGB", (width, height), (255, 253, 248))
    draw = ImageDraw.Draw(paper)
    for top, bottom in ((8, 88), (98, 142)):
        for y in np.arange(top, bottom + 0.1, 10 / 2):
            draw.line((0, y * px, width, y * px), color, 3 if (y - top) % 15 == 0 else 1)
        for x in np.arange(0, minutes * 10, 5):
            draw.line((x * px, top * px, x * px, bottom * px), color, 3 if x % 30 == 0 else 1)
    time = np.arange(0, minutes, 1 / 240)
    noise = np.convolve(rng.standard_normal(time.size), np.ones(6) / 6, "same") * 6
    rate = rng.uniform(120, 160) + 8 * np.sin(2 * np.pi * time / 3.1) + noise
    squeeze = np.full(time.size, 10.0) + rng.standard_normal(time.size)
    for at in np.arange(rng.uniform(0, 3), minutes, rng.uniform(2.5, 5)):
        rate += rng.uniform(-25, 25) * np.exp(-0.5 * ((time - at) / 0.35) ** 2)
        squeeze += rng.uniform(30, 70) * np.exp(-0.5 * ((time - at) / 0.4) ** 2)
    for values, top, span, low, high in ((rate, 8, 80, 50, 210), (squeeze, 98, 44, 0, 100)):
        y = (top + span * (high - values) / (high - low)) * px
        points = np.stack([time * 10 * px, y], 1)[rng.random(time.size) < 0.995]
        draw.line(points.ravel().tolist(), (30, 30, 40), 2)
    font = papers.font(rng, 4 * px)
    for y, words in ((8, "FHR 240 bpm"), (98, "UA 100")):
        draw.text((3 * px, y * px), words, color, font)
    return paper


def monitor(rng):
    """A bedside monitor's screen: bright curves on black, and large numbers."""
    size = (1280, 800) if rng.random() < 0.5 else (1024, 768)
    screen = Image.new("RGB", size, (0, 0, 0))
    draw, rows = ImageDraw.Draw(screen), 4
    curves = (("ECG II", ecg_lead, (60, 255, 60), "72"), ("ABP", pulse, (255, 60, 60), "121/78"),
              ("Pleth", pulse, (60, 220, 255), "98"), ("Resp", respiration, (255, 230, 60), "16"))  # fmt: skip
    for i, (name, kind, color, number) in enumerate(curves):
        base, values = size[1] * (i + 0.55) / rows, kind(rng, 8.0)
        x = np.linspace(0, 0.75 * size[0], values.size)
        y = base - np.clip(values, -1.2, 1.2) * 0.33 * size[1] / rows
        draw.line(np.stack([x, y], 1).ravel().tolist(), color, 2)
        draw.text((6, base - 0.5 * size[1] / rows), name, color, papers.font(rng, 18))
        draw.text((0.78 * size[0], base - 0.3 * size[1] / rows), number, color, papers.font(rng, 60))
    return screen


def rows_on_ecg_paper(rng):
    """Six to twelve rows of something that is no ECG, on ECG paper: rows alone make no twelve leads."""
    kind, count = (eeg_channel, respiration, pulse, electromyogram)[rng.integers(4)], int(rng.integers(6, 13))
    rows = [kind(rng, 9.5) for _ in range(count)]
    return rows_page(rng, rows, [f"CH {i + 1}" for i in range(count)], spacing_mm=16, gain_mm=6.0)


def spirogram(rng):
    """Loops of flow against volume on squared paper."""
    px = float(rng.uniform(5, 7))
    paper = papers.grid(rng, (int(180 * px), int(180 * px)), px)
    draw = ImageDraw.Draw(paper)
    for _ in range(int(rng.integers(2, 6))):
        volume = np.linspace(0, 1, 300) ** 0.8
        out = np.minimum(volume * 12, 1.1 - volume * rng.uniform(0.8, 1.1)) * rng.uniform(0.8, 1.1)
        back = -0.6 * np.sin(np.pi * volume[::-1])
        x = 40 * px + 100 * px * np.concatenate([volume, volume[::-1]])
        y = 90 * px - 70 * px * np.concatenate([out, back])
        draw.line(np.stack([x, y], 1).ravel().tolist(), tuple(int(v) for v in rng.integers(0, 120, 3)), 3)
    papers.header(rng, draw, (10 * px, 5 * px), px)
    return paper


def _plain(rng, size, px_per_mm):
    """White paper; sometimes with upright lines, one a second."""
    paper = Image.new("RGB", size, (255, 255, 255))
    if rng.random() < 0.5:
        draw = ImageDraw.Draw(paper)
        for x in np.arange(0, size[0], 30 * px_per_mm):
            draw.line((x, 0, x, size[1]), (190, 200, 215), 1)
    return paper


def _rows(rng, rows, labels, paper, spacing_mm, gain_mm, mm_per_s=25.0):
    """`rows_page` on ECG paper (None) or on what `paper` makes, with a thin pen."""
    if paper is None:
        return rows_page(rng, rows, labels, None, spacing_mm, mm_per_s, gain_mm, 0.3)
    size = int(len(rows[0]) / RATE_HZ * mm_per_s * 7.5 + 400), int(spacing_mm * len(rows) * 8 + 420)
    return rows_page(rng, rows, labels, paper(rng, size, 7.0), spacing_mm, mm_per_s, gain_mm, 0.25)


KINDS = {
    "eeg": eeg,
    "polysomnography": polysomnogram,
    **{kind: single_signal(kind) for kind in ("ppg", "respiration", "capnography", "emg")},
    "blood pressure": pressure,
    "single lead": rhythm_strip,
    "holter": ambulatory,
    "few leads": three_leads,
    "fetal ctg": cardiotocogram,
    "monitor": monitor,
    "rows on ECG paper": rows_on_ecg_paper,
    "spirometry": spirogram,
}
"""{kind: drawer of one picture from a random generator}."""
