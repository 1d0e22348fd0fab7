"""python -m benchmarks formats: the formats of each model that are not shipped, made from the shipped float16 files."""

from pathlib import Path

from ecg_edge.diagnostics.page_cost import FORMATS

MODELS, MADE = Path("models"), Path("runs/formats")


def files_of(models, shipped=MODELS, made=MADE):
    """{(model, format): path}: int8 and float16 as they are shipped, float32 and dynamic range made where they are missing or older.

    A model without a float16 file has the formats that it has.
    """
    found = {}
    for model in models:
        int8, half = Path(shipped) / f"{model}.tflite", Path(shipped) / f"{model}-float16.tflite"
        if half.is_file():
            found[model, "float32"], found[model, "dynamic"] = (
                _made(half, form, made) for form in ("float32", "dynamic")
            )
            found[model, "float16"] = half
        if int8.is_file():
            found[model, "int8"] = int8
    return {key: found[key] for key in ((model, form) for model in models for form in FORMATS) if key in found}


def _made(half, form, made):
    from convert import from_float16

    path = Path(made) / f"{half.stem.removesuffix('-float16')}-{form}.tflite"
    if not path.is_file() or path.stat().st_mtime < half.stat().st_mtime:
        path.parent.mkdir(parents=True, exist_ok=True)
        data = getattr(from_float16, f"to_{form}")(half.read_bytes())
        path.with_suffix(".part").write_bytes(data)
        path.with_suffix(".part").replace(path)
    return path


def add_options(command):
    """The options of `python -m benchmarks formats`."""
    command.add_argument("--models", nargs="+", default=["cnn", "crnn", "page"])
    command.add_argument("--out", type=Path, default=MADE)


def run(options):
    """`python -m benchmarks formats`."""
    found = files_of(options.models, made=options.out)
    for (model, form), path in found.items():
        print(f"{model:<6} {form:<8} {path.stat().st_size / 1e6:7.2f} MB  {path}")
    if not found:
        raise FileNotFoundError(f"no model of {', '.join(options.models)} in {MODELS}")
