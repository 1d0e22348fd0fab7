"""Measurements in processes of their own, one after the other and again, so that what a machine does meanwhile meets all of them alike."""

import json
import sys

from ecg_edge.diagnostics.page_cost import ask
from ecg_edge.diagnostics.timing import summary

ROUNDS = 3


def interleaved(jobs, rounds=ROUNDS):
    """[what each job found, its rounds taken together]: {…, "samples": {stage: [ms]}, "stages": {stage: summary}} or {…, "error"}.

    A job is a dict that a module (`job["module"]`) reads from standard input and answers with a dict as JSON; `title` says what it is.
    """
    found = [[] for _ in jobs]
    for number in range(rounds):
        for answers, job in zip(found, jobs, strict=True):
            if answers and "error" in answers[-1]:
                continue
            print(f"round {number + 1} of {rounds}: {job['title']} ...", file=sys.stderr, flush=True)
            answers.append(answer(job))
    return [together(answers) for answers in found]


def answer(job):
    """What one process answers; `error` is the last line of what it said where it ended otherwise."""
    known = {key: value for key, value in job.items() if key not in ("module", "pages", "most_s")}
    return known | ask(job["module"], job)


def together(answers):
    """The answers of one job's rounds as one: all samples, and the greatest memory."""
    if "error" in answers[-1]:
        return answers[-1]
    merged = dict(answers[0])
    merged["samples"] = {
        stage: [ms for answer in answers for ms in answer["samples"][stage]] for stage in answers[0]["samples"]
    }
    merged["stages"] = {stage: summary(times) for stage, times in merged["samples"].items()}
    for unit in ("memory_mib", "memory_mb"):
        if unit in merged:
            kept = [answer[unit] for answer in answers]
            merged[unit] = {name: max((held[name] or 0.0) for held in kept) or None for name in kept[0]}
    return merged


def memory_mib(run):
    """{name: MiB} of what a run of a report held, of any schema: the first called them `memory_mb`. Empty where nothing is known."""
    return run.get("memory_mib") or run.get("memory_mb") or {}


def keep(folder, name, found, markdown, indent=1):
    """Write what was found as FOLDER/NAME.json and its table as FOLDER/NAME.md; the table."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(found, indent=indent) + "\n")
    (folder / f"{name}.md").write_text(markdown)
    return markdown
