"""python -m benchmarks.demo_pages: the four report pages that `ecg-edge demo` reads, and what is known of them.

The rule, which looks at no result: of each class the first 3x4+1 page of version 2 by SHA-256, those with a contradicted label left out. All print outside the leads is blanked
(`ecg-edge anonymise`); the pixels stay at 8 px/mm; the file has the best JPEG quality of `QUALITIES` that keeps it within `MOST_BYTES`.

The model that ships was trained on all pages, so `pages.json` also has what the model of that fold said that had seen neither the page nor its printed identity
(kept predictions of `distinct`).
"""

import argparse
import io
import json
from pathlib import Path

from ecg_edge import Reader
from ecg_edge.commands.anonymise import blank
from ecg_edge.layout import CLASSES
from train.dataset import is_scored, read_pages

from . import doubt

FOLDER = Path("edge/commands/pages")
LAYOUT = "3x4+1"
MOST_BYTES = 150_000
QUALITIES = range(60, 9, -5)


def choose(pages):
    """{class: page} by the rule."""
    known = sorted((page for page in pages if page.layout == LAYOUT and is_scored(page.sha256)), key=lambda page: page.sha256)  # fmt: skip
    return {label: next(page for page in known if page.label == label) for label in CLASSES}


def encode(picture):
    """(bytes of a JPEG file of at most `MOST_BYTES`, its quality)."""
    for quality in QUALITIES:
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=quality, optimize=True)
        if file.tell() <= MOST_BYTES:
            return file.getvalue(), quality
    raise RuntimeError(f"the page does not fit into {MOST_BYTES} bytes")


def main():
    """Write the pages and pages.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.demo_pages", description=__doc__)
    parser.add_argument("--data", help="folder of the data (default: $ECG_EDGE_DATA)")
    parser.add_argument("--out", type=Path, default=FOLDER)
    options = parser.parse_args()
    judged, reader, known = doubt.judge()["distinct"], Reader(), {}
    options.out.mkdir(parents=True, exist_ok=True)
    for label, page in choose(read_pages(options.data)).items():
        _, stages = reader.inspect(page.path, trace=True)
        data, quality = encode(blank(stages))
        (options.out / f"{label}.jpg").write_bytes(data)
        row = list(judged.names).index(page.sha256)
        said = judged.pages[row]
        known[label] = {
            "sha256_of_original": page.sha256,
            "jpeg_quality": quality,
            "unseen": {
                "verdict": CLASSES[int(said.argmax())],
                "confidence": round(float(said.max()), 4),
                "status": "read" if judged.sure[row] else "uncertain",
            },
        }
        print(label, len(data), known[label])
    (options.out / "pages.json").write_text(json.dumps(known, indent=1) + "\n")


if __name__ == "__main__":
    main()
