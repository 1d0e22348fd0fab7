"""How near a traced signal is to the one that was drawn: signal to noise ratio and error, as the PhysioNet Challenge 2024 counted.

    python -m benchmarks.digitisation --records 40

draws PTB-XL records as report pages, spoils them as a photograph does, and traces them with the arrangement known: what the
tracer alone loses. The reading benchmark measures the whole way from a photograph.
"""

import argparse
from io import BytesIO

import numpy as np

from ecg_edge import layout
from ecg_edge.page.ink import ink_of
from ecg_edge.simulator.report_page import SECONDS, Style, draw_report
from ecg_edge.trace.lead_traces import trace_page

RATE_HZ = 500
LARGEST_SHIFT_S = 0.5
BLUR_PX, NOISE, JPEG_QUALITY, SHADOW = 1.3, 7.0, 75, 0.45
SCALE_ERROR, WARP_PX = 0.002, 2.0
"""A photograph of severity 2, and what a good flattening leaves."""


def score(truth, signals):
    """How well {name: (n,) mV} `signals` at 500 Hz give those of `truth`.

    Returns
    -------
    {"snr_db", "rmse_mv": means over the leads of `truth`, "leads": {name: (snr_db, rmse_mv)}}; a lead that is missing has 0 dB.
    """
    leads = {}
    for name, reference in truth.items():
        reference = np.asarray(reference, float)
        estimate = np.asarray(signals.get(name, np.full(reference.size, np.nan)), float)
        leads[name] = compare(reference, estimate)
    snr_db, rmse_mv = np.mean(list(leads.values()), axis=0)
    return {"snr_db": float(snr_db), "rmse_mv": float(rmse_mv), "leads": leads}


def compare(reference, estimate, rate_hz=RATE_HZ):
    """(SNR in dB, RMSE in mV) of an (m,) estimate of an (n,) reference, both in mV.

    The two are aligned by their cross-correlation within half a second, and their vertical offset is taken away. What is lost (NaN,
    or missing at an end) is 0 mV, the reference's mean: an estimate of nothing has 0 dB.

    References
    ----------
    Reyna M. A. et al., "Digitization and Classification of ECG Images: The George B. Moody PhysioNet Challenge 2024",
    Computing in Cardiology 51, 2024: SNR = 10 log10(Σ x² / Σ (x − y)²) per lead.
    """
    reference = reference - reference.mean()
    estimate = _fitted_length(estimate, reference.size)
    estimate = _shifted(estimate, _best_shift(reference, estimate, round(LARGEST_SHIFT_S * rate_hz)))
    known = np.isfinite(estimate)
    if known.any():
        estimate = estimate - np.mean(estimate[known] - reference[known])
    error = np.where(known, estimate, 0.0) - reference
    power, noise = np.sum(reference**2), np.sum(error**2)
    snr_db = 10 * np.log10(power / noise) if noise > 0 else np.inf
    return float(snr_db), float(np.sqrt(np.mean(error**2)))


def _fitted_length(signal, size):
    """The signal cut, or lengthened with NaN, to `size` samples."""
    return np.concatenate([signal[:size], np.full(max(size - signal.size, 0), np.nan)])


def _best_shift(reference, estimate, largest):
    """By how many samples the estimate comes too early, where the two correlate best."""
    known = np.isfinite(estimate)
    if not known.any():
        return 0
    level = np.where(known, estimate - estimate[known].mean(), 0.0)
    shifts = np.arange(-largest, largest + 1)
    size = 2 * reference.size
    product = np.fft.irfft(np.fft.rfft(reference, size) * np.conj(np.fft.rfft(level, size)), size)
    return int(shifts[np.argmax(product[shifts])])


def _shifted(signal, samples):
    """The signal later by so many samples, NaN where nothing came in."""
    out = np.full(signal.size, np.nan)
    if samples >= 0:
        out[samples:] = signal[: signal.size - samples]
    else:
        out[:samples] = signal[-samples:]
    return out


def report_arrangement(rhythm="II"):
    """The `layout.Arrangement` of a page of `draw_report`."""
    template, style = layout.REPORT, Style()
    lefts = sorted({box.left for name, box in template.leads if name != layout.RHYTHM})
    seconds = SECONDS / len(lefts)
    places = []
    for name, box in template.leads:
        column = 0 if name == layout.RHYTHM else lefts.index(box.left)
        left = style.trace_left_px + column * style.column_px
        right = left + style.column_px * (len(lefts) if name == layout.RHYTHM else 1)
        zero = next(row for row in template.rows_px if box.top <= row < box.bottom)
        lead = rhythm if name == layout.RHYTHM else name
        box = layout.Box(left, box.top, right, box.bottom)
        places.append(layout.Place(name, lead, box, float(zero), column * seconds))
    scale = style.column_px / seconds / template.mm_per_s, style.dots_per_mm
    return layout.Arrangement(template.name, tuple(places), scale, template.mm_per_s, template.mm_per_mv, 0.0, 1.0)


def truth_of(signals, arrangement):
    """{name: (n,) mV} of what (12, 5000) `signals` at 500 Hz show in the places of an arrangement."""
    truth = {}
    for place in arrangement.places:
        seconds = (place.box.right - place.box.left) / arrangement.px_per_mm[0] / arrangement.mm_per_s
        start, stop = (round(time_s * RATE_HZ) for time_s in (place.start_s, place.start_s + seconds))
        truth[place.name] = signals[layout.LEADS_12.index(place.lead)][start:stop]
    return truth


def spoiled(page, rng):
    """(H, W, 3) uint8 page as it comes back from a photograph: blurred, shaded, noisy, through a JPEG file."""
    from PIL import Image
    from scipy import ndimage

    height, width = page.shape[:2]
    u, v = np.arange(width) / width, np.arange(height)[:, None] / height
    shade = 1 - SHADOW / (1 + np.exp((u + 0.4 * v - rng.uniform(0.5, 0.9)) * rng.uniform(20, 60)))
    out = np.empty(page.shape, np.uint8)
    for channel in range(3):
        light = (
            ndimage.gaussian_filter(page[:, :, channel].astype(np.float32), BLUR_PX) * shade * rng.uniform(0.8, 0.95)
        )
        out[:, :, channel] = np.clip(light + rng.normal(0, NOISE, light.shape), 0, 255)
    held = BytesIO()
    Image.fromarray(out).save(held, "JPEG", quality=JPEG_QUALITY)
    return np.asarray(Image.open(BytesIO(held.getvalue())).convert("RGB"))


def warped(page, rng):
    """(H, W, 3) uint8 page as it comes back where its scale and its flattening are not quite right."""
    from scipy import ndimage

    height, width = page.shape[:2]
    phase, waves = rng.uniform(0, 2 * np.pi, 4), rng.uniform(0.5, 1.5, 4)
    scale = 1 + rng.uniform(-SCALE_ERROR, SCALE_ERROR, 2)
    y, x = np.arange(height, dtype=np.float32)[:, None], np.arange(width, dtype=np.float32)
    bend = [np.sin(2 * np.pi * (waves[k] * x / width + waves[k + 1] * y / height) + phase[k]) for k in (0, 2)]
    rows = (y - height / 2) * scale[0] + height / 2 + WARP_PX * bend[0]
    columns = (x - width / 2) * scale[1] + width / 2 + WARP_PX * bend[1]
    moved = [ndimage.map_coordinates(page[:, :, c], [rows, columns], order=1, mode="nearest") for c in range(3)]
    return np.stack(moved, axis=2)


def main(argv=None):
    """Print the table; the exit status."""
    from train import records

    parser = argparse.ArgumentParser(prog="python -m benchmarks.digitisation", description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=40, help="how many PTB-XL records are drawn")
    parser.add_argument(
        "--folds", type=int, nargs="+", default=[8, 9], help="PTB-XL's own folds that they are drawn from"
    )
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    rng = np.random.default_rng(options.seed)
    known = records.read_records(folds=options.folds)
    arrangement = report_arrangement()
    scores = {"clean": [], "spoiled": [], "spoiled and warped": []}
    for index in rng.permutation(len(known))[: options.records]:
        signals = records.signals(known[index])
        truth, page = truth_of(signals, arrangement), np.asarray(draw_report(signals, RATE_HZ))
        for name, picture in zip(scores, (page, spoiled(page, rng), spoiled(warped(page, rng), rng)), strict=True):
            leads = score(truth, trace_page(ink_of(picture), arrangement).signals)["leads"]
            scores[name].append(list(leads.values()))
    print("| pages | leads | SNR median | 5 % | 25 % | 75 % | RMSE median |\n|---|---|---|---|---|---|---|")
    for name, values in scores.items():
        snr_db, rmse_mv = np.array(values).reshape(-1, 2).T
        shares = np.percentile(snr_db, [50, 5, 25, 75])
        print(
            f"| {name} | {snr_db.size} | "
            + " | ".join(f"{s:.1f} dB" for s in shares)
            + f" | {np.median(rmse_mv):.4f} mV |"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
