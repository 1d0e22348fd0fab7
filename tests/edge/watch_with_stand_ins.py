"""The command line with a stand-in for camera and model: what the tests start, and end."""

import sys

from ecg_edge.commands import cli
from ecg_edge.device import watch_service

from . import stand_ins

if __name__ == "__main__":
    watch_service.CaptureService = stand_ins.CaptureServiceStandIn
    sys.exit(cli.main(sys.argv[1:]))
