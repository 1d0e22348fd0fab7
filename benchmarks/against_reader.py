"""The process that reads pictures for `python -m benchmarks against`, run by the interpreter of one side: a line of JSON in, a line out.

    python -I against_reader.py MODEL [RUNTIME]

It imports no more than the standard library and the `ecg_edge` that is installed for that interpreter, of whichever version. Its first line
says what reads; then each line {"path": …} is answered by {"cpu_ms", "wall_ms", "result"} of one reading, {"memory": true} by {"peak_mb"}.
"""

import json
import sys
import time


def main(arguments, requests, answers):
    """Read what is asked for until there is no more; the exit status."""

    def answer(found):
        answers.write(json.dumps(found) + "\n")
        answers.flush()

    used, start = time.process_time(), time.perf_counter()
    import ecg_edge

    model, runtime = arguments[0], arguments[1] if len(arguments) > 1 else None
    reader = ecg_edge.Reader(model, threads=1, runtime=runtime)
    answer({"file": ecg_edge.__file__} | _spent(used, start))
    for line in requests:
        asked = json.loads(line)
        if asked.get("memory"):
            answer({"peak_mb": peak_mb()})
            continue
        with open(asked["path"], "rb") as file:
            data = file.read()
        used, start = time.process_time(), time.perf_counter()
        result = reader.read(data)
        answer(_spent(used, start) | {"result": json.loads(result.to_json())})
    return 0


def _spent(used, start):
    return {"cpu_ms": (time.process_time() - used) * 1000, "wall_ms": (time.perf_counter() - start) * 1000}


def peak_mb():
    """The most memory (VmHWM) that this process ever held, in 10^6 bytes; None where the system does not say."""
    try:
        with open("/proc/self/status") as file:
            return next((int(line.split()[1]) * 1024 / 1e6 for line in file if line.startswith("VmHWM:")), None)
    except OSError:
        return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], sys.stdin, sys.stdout))
