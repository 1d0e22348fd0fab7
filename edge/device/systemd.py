"""Telling systemd the service's state, and the unit of the service."""

import os
import shutil
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress

from ..errors import InstallationError, OutputError

NAME, SERVE_NAME, USER = "ecg-edge", "ecg-edge-serve", "ecg-edge"
GROUPS = ("video", "gpio")
"""Groups of Raspberry Pi OS that may use camera and pins; those that a system lacks are left out of the unit."""
HOMES = ("/home/", "/root/")
WATCHDOG_S = 60
CONFIG = "etc/ecg-edge/ecg-edge.toml"
"""The service's configuration, below the system's root."""

UNIT = """\
# 'ecg-edge {what}' as a service. Made by 'ecg-edge install-service'; local changes belong in 'systemctl edit {name}'.
[Unit]
Description=Reading printed ECGs (ecg-edge {what})
Documentation=man:systemd.service(5)
# A device that fails again and again is tried for ever, at intervals.
StartLimitIntervalSec=0
# Camera and store have one owner.
Conflicts={other}.service

[Service]
Type=notify
ExecStart={command} {what} --config /etc/ecg-edge/ecg-edge.toml
User={user}
Group={user}
{groups}StateDirectory=ecg-edge
StateDirectoryMode=0750
WorkingDirectory=/var/lib/ecg-edge
UMask=0027
# Only the loop is told to end: it ends its own process after the page in hand.
KillMode=mixed
TimeoutStartSec=180
TimeoutStopSec=150
SuccessExitStatus=143
Restart=always
RestartSec=5
WatchdogSec={watchdog_s}
NotifyAccess=main
Nice=5
Environment=OMP_NUM_THREADS=1 PYTHONUNBUFFERED=1

# The camera (video4linux, media, dma_heap), the pins (gpiochip), temperature and throttling (vcio), and nothing else.
DevicePolicy=closed
DeviceAllow=char-video4linux rw
DeviceAllow=char-media rw
DeviceAllow=char-dma_heap rw
DeviceAllow=char-gpiochip rw
DeviceAllow=/dev/vcio rw

# Nothing of the system can be changed, and nothing of anybody's home seen. Pictures may arrive below /srv/ecg-edge.
ProtectSystem=strict
ReadWritePaths=-/srv/ecg-edge
ProtectHome=yes
PrivateTmp=yes
ProtectProc=invisible
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
CapabilityBoundingSet=
AmbientCapabilities=
NoNewPrivileges=yes
LockPersonality=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RemoveIPC=yes
# Forwarding, systemd's sockets, and udev's, which libcamera listens to.
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallFilter=sched_setaffinity setpriority ioprio_set
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
"""

SYSUSERS = """\
# The user of 'ecg-edge watch'.
u {user} - "Reading printed ECGs" /var/lib/ecg-edge
"""


def notify(text: str) -> bool:
    """Tell systemd a state, such as "READY=1" (sd_notify(3)); nothing where it did not start us. Whether it was told."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    # A name that begins with @ is in the abstract namespace.
    address = "\0" + address[1:] if address.startswith("@") else address
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as channel:
        # Never waited for: systemd that does not listen must not hold up the device.
        channel.sendto(text.encode(), address)
        return True
    return False


def unit(command: str | None = None, groups: Sequence[str] | None = None, serve: bool = False) -> str:
    """The text of the systemd unit, for this installation and the groups that this system has: of the loop, or with `serve` of loop and page."""
    here = _groups() if groups is None else groups
    line = f"SupplementaryGroups={' '.join(here)}\n" if here else ""
    name, other = (SERVE_NAME, NAME) if serve else (NAME, SERVE_NAME)
    return UNIT.format(
        name=name,
        other=other,
        what="serve --watch" if serve else "watch",
        user=USER,
        command=command or _command(),
        groups=line,
        watchdog_s=WATCHDOG_S,
    )


def place(root: str | os.PathLike[str] = "/", command: str | None = None, serve: bool = False) -> Iterator[str]:
    """Write unit, user and (where there is none) configuration below `root`; yield what was written and what to do next.

    Raises
    ------
    InstallationError : the environment lies where the service's user may not look; an extra is missing that the unit, or the configuration that is
        there already, asks for. Nothing is written then.
    UsageError : that configuration cannot be used.
    OutputError : no permission, a read-only disk.
    """
    from .extras import needs
    from .settings import defaults, read_settings, to_toml

    command = command or _command()
    if command.startswith(HOMES):
        raise InstallationError(
            f"{command} lies in a home, which the service does not see. Make an environment elsewhere:"
            " 'sudo python3 -m venv --system-site-packages /opt/ecg-edge', and 'sudo /opt/ecg-edge/bin/pip install ecg-edge[device]'."
        )
    values, name = defaults(), SERVE_NAME if serve else NAME
    values["trigger"]["folder"] = "/srv/ecg-edge"
    known = os.path.join(root, CONFIG)
    for need in needs(read_settings(known) if os.path.exists(known) else values, serve):
        if need.asked and need.missing:
            raise InstallationError(
                f"The service needs {', '.join(need.missing)} for {need.part.what}: {os.path.dirname(command)}/{need.remedy}."
            )
    files = {
        f"etc/systemd/system/{name}.service": unit(command, serve=serve),
        f"etc/sysusers.d/{NAME}.conf": SYSUSERS.format(user=USER),
        CONFIG: to_toml(values),
    }
    for below, text in files.items():
        path = os.path.join(root, below)
        if below.endswith(".toml") and os.path.exists(path):
            yield f"kept    {path}"
            continue
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            hint = "Use 'sudo'." if isinstance(error, PermissionError) else "Check the disk."
            raise OutputError(f"{path}: cannot be written ({error.strerror}). {hint}") from error
        yield f"written {path}"
    yield "next:   edit /etc/ecg-edge/ecg-edge.toml, then"
    yield "        sudo systemd-sysusers && sudo install -d -o ecg-edge -g ecg-edge -m 2775 /srv/ecg-edge"
    if serve:
        yield "        on a network ([serve] host): sudo -u ecg-edge env STATE_DIRECTORY=/var/lib/ecg-edge \\"
        yield f"          {command} serve --new-token    (shows the token, and not in the system's log)"
    yield f"        sudo systemctl daemon-reload && sudo systemctl enable --now {name}"


def _command() -> str:
    """The path of the installed command `ecg-edge`."""
    beside = os.path.join(os.path.dirname(sys.executable), NAME)
    found = beside if os.path.exists(beside) else shutil.which(NAME)
    if found is None:
        raise InstallationError(
            "The command ecg-edge is not installed here: pip install ecg-edge, in the environment that the service is to use."
        )
    return os.path.abspath(found)


def _groups() -> list[str]:
    import grp

    present = {group.gr_name for group in grp.getgrall()}
    return [name for name in GROUPS if name in present]
