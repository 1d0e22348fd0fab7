"""Print what the device announces to Home Assistant, with and without the button, as JSON; run where `ecg_edge` can be imported."""

import json
import sys

sys.path.insert(0, ".")

from ecg_edge.device.home_assistant import Names, discovery  # noqa: E402
from ecg_edge.device.settings import defaults  # noqa: E402

if __name__ == "__main__":
    settings = defaults()
    names = Names(settings["mqtt"], settings["home_assistant"])
    print(json.dumps({"topic": names.discovery, "payloads": [discovery(names, True), discovery(names, False)]}))
