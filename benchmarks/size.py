"""python -m benchmarks size: bytes of each model in each format, of what is installed, and of peers."""

from importlib import metadata
from pathlib import Path

from . import formats, jobs

DEVICE = (
    "numpy",
    "scipy",
    "pillow",
    "tflite-runtime",
    "ai-edge-litert",
    "tensorflow",
    "keras",
    "onnxruntime",
    "scikit-image",
)


def installed_bytes(package):
    """The bytes of an installed distribution's files; None where it is not installed."""
    try:
        files = metadata.files(package) or ()
    except metadata.PackageNotFoundError:
        return None
    return sum(path.stat().st_size for file in files if (path := Path(file.locate())).is_file())


def report(models):
    """{"models": {model: {format: bytes}}, "installed": {package: bytes}}."""
    sizes = {}
    for (model, form), path in formats.files_of(models).items():
        sizes.setdefault(model, {})[form] = path.stat().st_size
    for path in sorted(formats.MADE.glob("mobilenetv2-*.tflite")):
        sizes.setdefault("MobileNetV2", {})[path.stem.split("-")[1]] = path.stat().st_size
    return {"models": sizes, "installed": {name: installed_bytes(name) for name in DEVICE}}


def to_markdown(found):
    """Two tables."""
    lines = [
        "# Size",
        "",
        "| model, MB | float32 | float16 | dynamic range | int8 | float32 ÷ int8 |",
        "|---|---|---|---|---|---|",
    ]
    for model, sizes in found["models"].items():
        cells = [f"{sizes[form] / 1e6:.2f}" if form in sizes else "–" for form in formats.FORMATS]
        both = {"float32", "int8"} <= sizes.keys()
        lines.append(
            f"| {model} | {' | '.join(cells)} | {sizes['float32'] / sizes['int8']:.2f} |"
            if both
            else f"| {model} | {' | '.join(cells)} | – |"
        )
    lines += ["", "| installed | MB |", "|---|---|"]
    lines += [f"| {name} | {size / 1e6:.0f} |" for name, size in found["installed"].items() if size]
    return "\n".join(lines) + "\n"


def add_options(command):
    """The options of `python -m benchmarks size`."""
    command.add_argument("--models", nargs="+", default=["page", "cnn", "crnn"])
    command.add_argument("--out", type=Path, default=Path("benchmarks/results"))


def run(options):
    """`python -m benchmarks size`."""
    found = report(options.models)
    print(jobs.keep(options.out, "size", found, to_markdown(found)))
