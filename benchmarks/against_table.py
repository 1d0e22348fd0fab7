"""What `python -m benchmarks against` found: ratios with intervals, memory, and where results differ; the table of it."""

from collections.abc import Iterator, Sequence

import numpy as np

DRAWS, SEED = 2000, 7
SIDES = ("before", "after")
LEAST_MS = 0.05
"""Below this a stage's ratio says nothing."""
OF_THE_VERSION = ("schema", "ecg_edge")
TIMES = ("timing_ms",)
SHOWN = 12
"""Differences in results that are shown; the JSON holds all fields."""

PROTOCOL = (
    "In each round both sides have a new process with one thread, which reads one picture that is not counted and then each picture twice, in the"
    " order before, after, after, before, or the other way round by turns. A round's ratio is the geometric mean over its pictures of before ÷ after"
    " (for stages: of the sums over its pictures); shown is the geometric mean over the rounds, above 1 where the new one is faster or smaller, with the"
    " 95 % percentile interval of a bootstrap over the rounds, 2,000 draws. It holds what differs between processes and moments on this machine for these"
    " pictures; it is no interval over other pictures or machines. Processor's time is `time.process_time` about `Reader.read`, stages are `timing_ms`"
    " (the clock's). Memory is the peak (VmHWM) of each round's processes, in MB (10^6 bytes)."
)


def interval(logs: Sequence[float]) -> tuple[float, float, float]:
    """(ratio, low, high) of the logarithms of the rounds' ratios: their mean, and the bootstrap's 95 % interval of it.

    References
    ----------
    Efron B., Tibshirani R., "An Introduction to the Bootstrap", 1993, chapter 13: the percentile interval.
    """
    values = np.asarray(logs, float)
    drawn = np.random.default_rng(SEED).choice(values, (DRAWS, values.size)).mean(axis=1)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(np.exp(values.mean())), float(np.exp(low)), float(np.exp(high))


def summary(rounds: Sequence[dict], names: Sequence[str]) -> dict:
    """{"pictures", "rounds", "times", "stages", "peak_mb", "results", "samples"} of the rounds over some pictures, for JSON."""
    times = {name: _times(rounds, f"{name}_ms") for name in ("cpu", "wall")}
    stages = dict.fromkeys(
        stage for found in rounds for side in SIDES for stage in _results(found, side)[0]["timing_ms"]
    )
    return {
        "pictures": list(names),
        "rounds": len(rounds),
        "times": {name: _compared(values.sum(axis=2), np.log(values[:, 0] / values[:, 1]).mean(axis=1)) for name, values in times.items()},
        "start": {
            name: _compared(np.array([[found["start"][side][f"{name}_ms"] for side in SIDES] for found in rounds]))
            for name in ("cpu", "wall")
        },
        "stages": {stage: _compared(_stage(rounds, stage)) for stage in stages},
        "peak_mb": _compared(np.array([[found["peak_mb"][side] for side in SIDES] for found in rounds], float)),
        "results": differences(rounds, names),
        "samples": {name: values.round(3).tolist() for name, values in times.items()},
    }  # fmt: skip


def _results(found, side):
    return [reading["result"] for picture in found["pictures"] for reading in picture[side]]


def _times(rounds, name):
    """(rounds, 2, pictures) means of a picture's two readings."""
    return np.array(
        [[[np.mean([r[name] for r in picture[side]]) for picture in found["pictures"]] for side in SIDES] for found in rounds]
    )  # fmt: skip


def _stage(rounds, stage):
    """(rounds, 2) milliseconds of a stage, summed over the pictures (mean of two readings); NaN for a side that does not know it."""

    def of(found, side):
        values = [result["timing_ms"].get(stage, np.nan) for result in _results(found, side)]
        return sum(0.0 if value is None else value for value in values) / 2

    return np.array([[of(found, side) for side in SIDES] for found in rounds])


def _compared(values, logs=None):
    """{"before", "after", "ratio", "interval"} of (rounds, 2) sums: medians over the rounds; no ratio where a side has nothing."""
    before, after = (None if np.isnan(side).any() else float(np.median(side)) for side in values.T)
    found: dict[str, float | list[float] | None] = {"before": before, "after": after, "ratio": None, "interval": None}
    if before is not None and after is not None and values.min() > LEAST_MS:
        ratio, low, high = interval(np.log(values[:, 0] / values[:, 1]) if logs is None else logs)
        found |= {"ratio": ratio, "interval": [low, high]}
    return found


def differences(rounds: Sequence[dict], names: Sequence[str]) -> dict:
    """{"equal", "pictures", "steady", "only": {side: [field]}, "fields": {field: {"pictures", "first", …}}} of the first results of both sides.

    Times and the version's own fields are left out. `equal` counts pictures whose results differ in no field that both sides have, `steady`
    those whose results each side gave again in every reading.
    """
    fields: dict[str, dict] = {}
    only: dict[str, set] = {side: set() for side in SIDES}
    equal = 0
    for place, name in enumerate(names):
        first, second = (rounds[0]["pictures"][place][side][0]["result"] for side in SIDES)
        found = list(compare(first, second))
        for field, values in found:
            if MISSING in values:
                only[SIDES[values[0] is MISSING]].add(field)
                continue
            known = fields.setdefault(
                field, {"pictures": [], "first": {"picture": name, "before": values[0], "after": values[1]}}
            )
            known["pictures"] += [name] if name not in known["pictures"] else []
            if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values):
                known["most"] = max(known.get("most", 0.0), abs(values[0] - values[1]))
        equal += all(MISSING in values for _, values in found)
    return {
        "equal": equal,
        "pictures": len(names),
        "steady": sum(all(_is_steady(rounds, place, side) for side in SIDES) for place in range(len(names))),
        "only": {side: sorted(found) for side, found in only.items()},
        "fields": fields,
    }


class _Missing:
    """A field that one side's result has not."""


MISSING = _Missing()


def compare(first: object, second: object, field: str = "") -> Iterator[tuple[str, tuple]]:
    """Yield (field, (value, value)) where two results, as in JSON, differ: `leads[].box[]`; `MISSING` for a field that one of them lacks."""
    if field in OF_THE_VERSION + TIMES:
        return
    if isinstance(first, dict) and isinstance(second, dict):
        for key in dict.fromkeys([*first, *second]):
            yield from compare(first.get(key, MISSING), second.get(key, MISSING), f"{field}.{key}" if field else key)
    elif isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        for one, other in zip(first, second, strict=True):
            yield from compare(one, other, f"{field}[]")
    elif first != second:
        yield field, (first, second)


def _is_steady(rounds, place, side):
    results = [reading["result"] for found in rounds for reading in found["pictures"][place][side]]
    return all(not list(compare(results[0], other)) for other in results[1:])


def to_markdown(report: dict) -> str:
    """The tables, one for each kind of picture."""
    where, before, after = report["environment"], report["before"], report["after"]
    packages = ", ".join(f"{name} {report['packages'][name]}" for name in ("numpy", "scipy", "pillow", "ai-edge-litert", "tflite-runtime")
                         if name in report["packages"])  # fmt: skip
    lines = [
        f"# {after['revision']} ({after['commit']}) against {before['commit']}",
        "",
        report["protocol"],
        "",
        f"`{report['command']}`. {where['cpu']}, {where['cores']} cores, load {where['load_average'][0]:.1f} before and"
        f" {report['load_average_after'][0]:.1f} after; Python {where['python']}; on both sides {packages}.",
    ]
    for kind, found in report["kinds"].items():
        lines += [
            "",
            f"## {kind}: {len(found['pictures'])} pictures, {found['rounds']} rounds",
            "",
            "| of all pictures | before | after | before ÷ after (95 %) |",
            "|---|---|---|---|",
            *_rows(found),
            "",
            *_told(found["results"]),
        ]
    return "\n".join(lines) + "\n"


def _rows(found):
    named = {
        "processor, ms": found["times"]["cpu"],
        "clock, ms": found["times"]["wall"],
        **{f"… {stage}, ms": value for stage, value in found["stages"].items() if stage != "total"},
        "start (imports and model), processor, ms": found["start"]["cpu"],
        "peak memory, MB": found["peak_mb"],
    }
    for name, value in named.items():
        cells = ["–" if value[side] is None else f"{value[side]:.1f}" for side in SIDES]
        ratio = (
            "–"
            if value["ratio"] is None
            else f"{value['ratio']:.3f} ({value['interval'][0]:.3f}–{value['interval'][1]:.3f})"
        )
        yield f"| {name} | {' | '.join(cells)} | {ratio} |"


def _told(results):
    yield (
        f"Results but for times and version: equal on {results['equal']} of {results['pictures']} pictures in all fields that both have; the same in"
        f" every reading of a side on {results['steady']}."
    )
    for side, fields in results["only"].items():
        if fields:
            yield f"Only {side}: {', '.join(f'`{field}`' for field in fields)}."
    if fields := results["fields"]:
        yield from ["", "| field | pictures | e.g. before | after | greatest difference |", "|---|---|---|---|---|"]
        for field, known in sorted(fields.items(), key=lambda item: -len(item[1]["pictures"]))[:SHOWN]:
            most = f"{known['most']:.4g}" if "most" in known else ""
            yield f"| `{field}` | {len(known['pictures'])} | {_short(known['first']['before'])} | {_short(known['first']['after'])} | {most} |"
        if len(fields) > SHOWN:
            yield f"| … {len(fields) - SHOWN} more | | | | |"


def _short(value, most=60):
    text = str(value).replace("|", "\\|")
    return text if len(text) <= most else text[: most - 1] + "…"
