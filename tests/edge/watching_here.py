"""The command line with a stand-in for camera and model: what the tests start, and end."""

import sys

from ecg_edge import cli, watching

from . import parts

if __name__ == "__main__":
    watching.Station = parts.Scene
    sys.exit(cli.main(sys.argv[1:]))
