"""The description of the interface for programs (OpenAPI 3.1): `web/openapi.json`, with the result's own schema in it."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from .. import __version__

HERE = Path(__file__).parent


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """The document, as a dict."""
    described: dict[str, Any] = json.loads((HERE / "openapi.json").read_text(encoding="utf-8"))
    # The one schema of results, the command line's too; its own definitions move to where the document has them.
    text = (HERE.parent / "result.schema.json").read_text(encoding="utf-8")
    text = re.sub(r"#/\$defs/(\w+)", lambda found: f"#/components/schemas/{found[1].capitalize()}", text)
    schema = json.loads(text)
    schema.pop("$schema")
    definitions = {name.capitalize(): definition for name, definition in schema.pop("$defs").items()}
    described["components"]["schemas"] |= definitions | {"Result": schema}
    described["info"]["version"] = __version__
    return described
