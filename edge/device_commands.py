"""The commands of a device: capture, watch, history, doctor, install-service."""

from .console import READ, STATUS, add_command, add_model_options, make_reader, now, show
from .errors import OutputError, PictureError, UsageError


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
