"""Power cuts: a recorded sequence of writes, syncs and names, played back up to a point, with what was not synced lost or torn.

The model is harsher than a journalling file system: until a file is synced each of its writes may be missing, whole or torn at a multiple of
512 bytes, whatever became of later ones; until a directory is synced the last of its changes may be missing. Recorded with strace.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from .waiting import LIMIT_S

SECTOR_BYTES = 512
CALLS = "write,pwrite64,fsync,fdatasync,rename,unlink,ftruncate,mkdir"
UNSTOPPED = "--seccomp-bpf"
"""An option of strace: a process is not stopped at calls that nobody asked for, and takes half the time. With it strace 6.1 sends no signals."""
_LINE = re.compile(r"(?:\d+ +)?(\w+)\((.*)\) += (-?\d+)")
_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


def missing():
    """Why nothing can be traced here; None where strace works."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    done = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True)
    return None if done.returncode == 0 else "strace may not trace here"


def traced(script, *arguments, log, options=()):
    """Run a Python script under strace: the finished process."""
    # -B: what is compiled is not written, or the first run would have other calls than the next.
    line = [
        "strace",
        "-f",
        "-qq",
        "-o",
        os.fspath(log),
        *options,
        sys.executable,
        "-B",
        *map(str, (script, *arguments)),
    ]
    return subprocess.run(line, capture_output=True, text=True, timeout=LIMIT_S)


def record(script, folder, *arguments, log):
    """(process, operations) of a script that works in `folder`: ("write", path, offset or None, bytes), ("sync", path), ("rename", from, to),
    ("unlink", path), ("size", path, bytes), ("make", path), ("open", path) and ("say", text), paths below the folder."""
    options = [UNSTOPPED, "-y", "-xx", "-s", "100000000", "-e", f"trace={CALLS},openat"]
    done = traced(script, folder, *arguments, log=log, options=options)
    below = os.path.realpath(folder)
    operations = [_parsed(line, below) for line in Path(log).read_text().splitlines()]
    return done, [operation for operation in operations if operation]


def _parsed(line, folder):
    match = _LINE.match(line)
    if not match or int(match[3]) < 0:
        return None
    call, given = match[1], match[2]
    strings = [bytes.fromhex(text.replace("\\x", "")) for text in _STRING.findall(given)]
    if call == "write" and re.match(r"1<", given):
        return "say", strings[0].decode()
    if call in ("rename", "unlink", "mkdir"):
        paths = [_below(os.fsdecode(string), folder) for string in strings]
        return None if None in paths else ({"mkdir": "make"}.get(call, call), *paths)
    if call == "openat":
        path = _below(os.fsdecode(strings[-1]), folder)
        return ("open", path) if path is not None and "O_CREAT" in given else None
    path = _below(re.match(r"\d+<([^>]*)>", given)[1].encode().decode("unicode_escape"), folder)
    if path is None:
        return None
    if call in ("fsync", "fdatasync"):
        return "sync", path
    if call == "ftruncate":
        return "size", path, int(given.rsplit(",", 1)[1])
    offset = int(given.rsplit(",", 1)[1]) if call == "pwrite64" else None
    return "write", path, offset, strings[0][: int(match[3])]


def _below(path, folder):
    path = os.path.realpath(path)
    return os.path.relpath(path, folder) if path == folder or path.startswith(folder + os.sep) else None


class Disk:
    """What a disk holds, and what is only on its way there."""

    def __init__(self):
        self.names, self.folders, self.contents, self.count = {}, {"."}, {}, 0
        self.coming = {}  # number of a file: its changes that are not synced
        self.changes = []  # changes of names that are not synced: (folder, change)
        self.live = {}
        self.ends = {}

    def run(self, operation):
        """Take one recorded operation."""
        kind, path, *more = operation
        if kind == "open":
            if path not in self.live:
                self.count += 1
                self._change(path, ("name", path, self.count))
                self.live[path], self.contents[self.count], self.coming[self.count], self.ends[self.count] = (
                    self.count, b"", [], 0
                )  # fmt: skip
        elif kind == "make":
            self._change(path, ("folder", path))
        elif kind == "rename":
            self.live[more[0]] = self.live.pop(path)
            self._change(path, ("rename", path, more[0]))
        elif kind == "unlink":
            del self.live[path]
            self._change(path, ("unlink", path))
        elif kind == "sync" and path in self.live:
            number = self.live[path]
            self.contents[number] = _written(self.contents[number], self.coming[number])
            self.coming[number] = []
        elif kind == "sync":
            kept = []
            for folder, change in self.changes:
                if folder == path:
                    _rename(self.names, self.folders, change)
                else:
                    kept.append((folder, change))
            self.changes = kept
        elif kind == "write":
            number = self.live[path]
            offset = self.ends[number] if more[0] is None else more[0]
            self.ends[number] = max(self.ends[number], offset + len(more[1]))
            self.coming[number].append(("write", offset, more[1]))
        elif kind == "size":
            self.coming[self.live[path]].append(("size", more[0]))
            self.ends[self.live[path]] = more[0]

    def _change(self, path, change):
        self.changes.append((os.path.dirname(path) or ".", change))

    def write_out(self, folder, chance, share):
        """Write what is left after a power cut to `folder`: of what was not synced, each write with probability `share`, torn as often."""
        names, folders = dict(self.names), set(self.folders)
        for _, change in self.changes[
            : round(chance.random() * len(self.changes)) if 0 < share < 1 else len(self.changes) * int(share)
        ]:
            _rename(names, folders, change)
        for path in sorted(folders):
            os.makedirs(os.path.join(folder, path), exist_ok=True)
        for path, number in names.items():
            kept = [change for change in self.coming[number] if chance.random() < share]
            kept = [_torn(change, chance) if 0 < share < 1 and chance.random() < share else change for change in kept]
            Path(folder, path).write_bytes(_written(self.contents[number], kept))


def _rename(names, folders, change):
    kind, path, *more = change
    if kind == "name":
        names[path] = more[0]
    elif kind == "folder":
        folders.add(path)
    elif kind == "rename" and path in names:
        names[more[0]] = names.pop(path)
    elif kind == "unlink":
        names.pop(path, None)


def _torn(change, chance):
    if change[0] == "size":
        return change
    return (*change[:2], change[2][: SECTOR_BYTES * chance.randint(0, len(change[2]) // SECTOR_BYTES)])


def _written(content, changes):
    content = bytearray(content)
    for change in changes:
        if change[0] == "size":
            content = content[: change[1]].ljust(change[1], b"\0")
        else:
            _, offset, data = change
            content = content.ljust(offset, b"\0")
            content[offset : offset + len(data)] = data
    return bytes(content)
