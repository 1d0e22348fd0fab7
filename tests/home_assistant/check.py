"""Hold what `announced.py` printed against Home Assistant's own schemas: of the device, then of each entity by its platform."""

import importlib
import json
import sys

from homeassistant.components.mqtt import discovery, schemas
from homeassistant.const import __version__

OF_DEVICE = ("device", "origin", "availability", "qos")
"""What each entity takes over from its device."""


def main():
    """Print what is valid; an error ends with a traceback."""
    announced = json.load(sys.stdin)
    print("Home Assistant", __version__)
    assert discovery.TOPIC_MATCHER.match(announced["topic"].partition("/")[2])
    for payload in announced["payloads"]:
        checked = schemas.DEVICE_DISCOVERY_SCHEMA(payload)
        for key, entity in checked["components"].items():
            given = {name: value for name, value in entity.items() if name != "platform"}
            if given:
                platform = importlib.import_module(f"homeassistant.components.mqtt.{entity['platform']}")
                known = platform.DISCOVERY_SCHEMA({name: checked[name] for name in OF_DEVICE} | given)
                assert set(given) <= set(known), set(given) - set(known)
            print(key, entity["platform"], "valid" if given else "taken away")


if __name__ == "__main__":
    main()
