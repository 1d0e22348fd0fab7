"""The commands of a device: capture, watch, history, doctor, install-service."""

from .console import READ, STATUS, add_command, add_model_options, make_reader, now, show
from .errors import OutputError, PictureError, UsageError
from .layout import CLASSES


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


def _capture(options):
    from dataclasses import replace

    from .camera import open_camera
    from .result import unread

    if not 0 < options.timeout < float("inf"):
        raise UsageError("--timeout must be above 0")
    reader = make_reader(options)
    camera = open_camera(options.camera)
    try:
        shot = camera.capture(options.timeout)
    except PictureError as error:
        result = unread(f"camera {options.camera}", error.reason, str(error), captured_at=now())
        show(result, options.json)
        return STATUS[result.status]
    finally:
        camera.close()
    taken = now()
    if options.out:
        try:
            shot.image.save(options.out, quality=95)
        except (OSError, ValueError) as error:
            raise OutputError(f"{options.out}: cannot be written ({error}).") from error
    result = replace(reader.read(shot.image), source=options.out or f"camera {options.camera}", captured_at=taken)
    show(result, options.json)
    return STATUS[result.status]


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


def _history(options):
    import sys

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
