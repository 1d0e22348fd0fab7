"""The commands of a device: capture, watch, serve, history, doctor, install-service."""

import sys

from .console import CANNOT, READ, STATUS, add_command, add_model_options, describe
from .errors import InstallationError, OutputError, UsageError
from .layout import CLASSES

START_S, READ_S = 120.0, 120.0
"""Limits for camera and model to get ready, and for reading a picture that was taken."""
FOUND_TIMES = 3
"""A page that was found so often in a row is lying still."""


def add_to(commands):
    """Add them to the command line's subparsers."""
    command = add_command(
        commands, "capture", _capture, "take a picture and read it", "ecg-edge capture --out page.jpg"
    )
    command.add_argument(
        "--camera", default="0", metavar="N|DIR", help="camera number, or a folder of pictures (default 0)"
    )
    command.add_argument("--out", metavar="FILE", help="keep the picture there")
    command.add_argument(
        "--timeout", type=float, default=20.0, metavar="S", help="seconds to wait for the camera (default 20)"
    )
    command.add_argument(
        "--preview", action="store_true", help="hints for aiming, until the page is found; then the picture"
    )
    add_model_options(command)

    command = add_command(
        commands,
        "watch",
        _watch,
        "read pages as they come, and store the results",
        "ecg-edge watch --config ecg-edge.toml",
    )
    command.add_argument("--config", metavar="FILE", help="configuration (default: every default)")
    command.add_argument(
        "--print-config", action="store_true", help="print a configuration with every setting, and end"
    )
    command.add_argument("--folder", metavar="DIR", help="pictures arrive there ([trigger] kind and folder)")
    command.add_argument("--store", metavar="DIR", help="results lie there ([store] folder)")

    command = add_command(
        commands,
        "serve",
        _serve,
        "show a page in the browser that reads pictures, and an interface for programs",
        "ecg-edge serve --host 0.0.0.0 --watch",
    )
    command.add_argument("--config", metavar="FILE", help="configuration (default: every default)")
    command.add_argument("--host", metavar="ADDRESS", help="address to be at (default 127.0.0.1: this machine alone)")
    command.add_argument("--port", type=int, metavar="N", help="port (default 8000)")
    command.add_argument(
        "--watch", action="store_true", help="run the loop of 'ecg-edge watch' too, with the same camera and store"
    )
    command.add_argument("--camera", metavar="N|DIR", help="offer this camera on the page")
    command.add_argument("--model", metavar="NAME", help="the model that reads unless another is chosen")
    store = command.add_mutually_exclusive_group()
    store.add_argument("--store", metavar="DIR", help="results that are kept lie there ([store] folder)")
    store.add_argument("--no-store", action="store_true", help="keep nothing")
    command.add_argument("--new-token", action="store_true", help="make and show another token, and end")

    command = add_command(
        commands,
        "history",
        _history,
        "list or export the stored results",
        "ecg-edge history --since 2026-11-01 --csv",
    )
    command.add_argument(
        "--store", metavar="DIR", help="where 'ecg-edge watch' stores (default: where it does by default)"
    )
    command.add_argument("--number", type=int, metavar="N", help="this one alone")
    command.add_argument("--status", choices=STATUS, help="only those")
    command.add_argument("--verdict", choices=CLASSES, help="only those")
    command.add_argument("--model", metavar="NAME", help="only this model's")
    command.add_argument("--since", metavar="TIME", help="taken then or later (a date or ISO 8601; UTC)")
    command.add_argument("--until", metavar="TIME", help="taken before then")
    command.add_argument("--limit", type=int, metavar="N", help="the newest N alone")
    form = command.add_mutually_exclusive_group()
    for name, what in (("csv", "CSV"), ("json", "JSON, one result a line"), ("fhir", "a FHIR R4 Bundle")):
        form.add_argument(f"--{name}", action="store_const", dest="form", const=name, default="text", help=what)

    command = add_command(
        commands, "doctor", _doctor, "look whether this machine can do it, and say what to do", "ecg-edge doctor --json"
    )
    command.add_argument("--store", metavar="DIR", help="where results are to lie (default: where they do by default)")
    command.add_argument("--camera", default="0", metavar="N|DIR", help="the camera (default 0)")
    command.add_argument("--json", action="store_true", help="JSON, one finding a line")

    command = add_command(
        commands,
        "install-service",
        _install_service,
        "print the systemd unit of 'ecg-edge watch', or place it",
        "ecg-edge install-service --place",
    )
    command.add_argument(
        "--place", action="store_true", help="write unit, user and configuration, and say how to start it"
    )
    command.add_argument(
        "--serve", action="store_true", help="the unit of 'ecg-edge serve --watch' in its place: loop and page in one"
    )
    command.add_argument("--root", default="/", metavar="DIR", help="the system's root (default /)")


def _capture(options):
    import json

    from .settings import defaults

    if not 0 < options.timeout < float("inf"):
        raise UsageError("--timeout must be above 0")
    values = defaults()
    values["camera"] |= {"source": options.camera, "timeout_s": options.timeout}
    values["reader"] |= {
        name: value
        for name in ("model", "runtime", "threads", "min_confidence", "mm_per_s", "mm_per_mv")
        if (value := getattr(options, name)) is not None
    }
    station = make_process(values)
    # The camera's own limit comes first; beyond it the driver hangs, and the process is ended.
    limit_s = options.timeout + READ_S
    try:
        station.start()
        if options.preview:
            _aim(station, limit_s)
        outcome = station.call(None, limit_s)
    finally:
        station.close()
    result = outcome.result
    if options.out and outcome.picture is not None:
        _keep(outcome.picture, options.out)
        result["source"] = options.out
    print(json.dumps(result) if options.json else f"{result['source']}: {describe(result)}", flush=True)
    return STATUS[result["status"]]


def make_process(settings):
    """The process that holds camera and reader."""
    from .station import Station
    from .worker import Worker

    return Worker(Station, (settings, True), START_S)


def _aim(station, limit_s):
    """Show hints until the page was found so often in a row."""
    from .station import AIM

    times = 0
    while times < FOUND_TIMES:
        found, text = station.call(AIM, limit_s)
        times = times + 1 if found else 0
        print(text, file=sys.stderr, flush=True)


def _keep(picture, path):
    """Write a picture in the format that the path's suffix names; a JPEG as it is."""
    import io
    import os

    from PIL import Image

    try:
        if os.path.splitext(path)[1].lower() in (".jpg", ".jpeg"):
            with open(path, "wb") as file:
                file.write(picture)
        else:
            Image.open(io.BytesIO(picture)).save(path)
    except (OSError, ValueError) as error:
        raise OutputError(f"{path}: cannot be written ({error}).") from error


def _watch(options):
    from .settings import read_settings, to_toml

    settings = read_settings(options.config)
    if options.folder is not None:
        settings["trigger"] |= {"kind": "folder", "folder": options.folder}
    if options.store is not None:
        settings["store"]["folder"] = options.store
    if options.print_config:
        print(to_toml(settings), end="")
        return READ
    from .watching import watch

    return 128 + watch(settings)


def _serve(options):
    from .settings import SETTINGS, read_settings

    settings = read_settings(options.config)
    for section, name, value in (("serve", "host", options.host), ("serve", "port", options.port), ("store", "folder", options.store),
                                 ("camera", "source", options.camera), ("reader", "model", options.model)):  # fmt: skip
        if value is not None:
            settings[section][name] = value
            problem = next(s for s in SETTINGS if (s.section, s.name) == (section, name)).problem(value)
            if problem:
                raise UsageError(f"--{name} must be {problem}")
    settings["serve"]["camera"] |= options.camera is not None
    try:
        from . import serving
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in (
            "starlette",
            "uvicorn",
            "anyio",
            "multipart",
            "python_multipart",
            "jinja2",
        ):
            raise
        raise InstallationError(f"The page needs {error.name}: pip install 'ecg-edge[serve]'.") from error
    if options.new_token:
        print(serving.new_token(settings))
        return READ
    return 128 + serving.serve(settings, options.watch, not options.no_store)


def _history(options):
    from .history import FORMS, parse_time
    from .store import Store, default_folder

    if options.limit is not None and options.limit < 1:
        raise UsageError("--limit must be at least 1")
    since, until = (time and parse_time(time) for time in (options.since, options.until))
    with Store(options.store or default_folder(), write=False) as store:
        if options.number is not None:
            entries = filter(None, [store.get(options.number)])
        else:
            newest = options.limit is not None
            entries = store.list(
                options.status,
                options.verdict,
                options.model,
                since,
                until,
                limit=options.limit or -1,
                newest_first=newest,
            )
            entries = reversed(list(entries)) if newest else entries
        FORMS[options.form](entries, sys.stdout)
    return READ


def _doctor(options):
    import json

    from .doctor import BAD, examine
    from .store import default_folder

    worst = READ
    for finding in examine(options.store or default_folder(), options.camera):
        if options.json:
            print(json.dumps(finding.to_dict()), flush=True)
        else:
            remedy = f"\n{'':10}do: {finding.remedy}" if finding.remedy else ""
            print(f"{finding.verdict:<9} {finding.name}: {finding.found}{remedy}", flush=True)
        worst = CANNOT if finding.verdict == BAD else worst
    return worst


def _install_service(options):
    from . import service

    if options.place:
        for line in service.place(options.root, serve=options.serve):
            print(line)
    else:
        print(service.unit(serve=options.serve), end="")
    return READ
