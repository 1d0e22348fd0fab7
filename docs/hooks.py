"""What the site needs beside its pages: files of the repository's root as pages, and links that lead out of `docs/`.

Links stay as they are in the files, so that they work in a clone. On the site a link to another file of the repository becomes the
file's path, since the site does not hold it; a link to nothing is left, and ends the build.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
PAGES = {
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "CODE_OF_CONDUCT.md": "code-of-conduct.md",
    "CHANGELOG.md": "changelog.md",
    "README.md": "index.md",
}
"""Files of the root, and the pages that they are on the site; README stands for the first page."""

LINK = re.compile(r"(?<!!)\[(?P<words>[^\]\[]*)\]\((?P<target>[^)\s:#]+)(?P<anchor>#[^)\s]*)?\)")
FETCHED = re.compile(r"""<(?:script|img|iframe)[^>]*\ssrc=["']?https?:|<link[^>]*stylesheet[^>]*href=["']?https?:""")


def on_files(files: Files, config: Any) -> Files:
    """Add the root's files."""
    for name, page in PAGES.items():
        if page != "index.md":
            files.append(File.generated(config, page, content=(ROOT / name).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """The page's text with links as the site has them."""
    at = page.file.src_uri
    of_root = next((name for name, uri in PAGES.items() if uri == at and uri != "index.md"), None)
    folder = "" if of_root else posixpath.dirname(f"docs/{at}")

    def link(found: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(folder, found["target"]))
        if path in PAGES or path.startswith("docs/"):
            uri = PAGES.get(path) or path.removeprefix("docs/")
            target = posixpath.relpath(uri, posixpath.dirname(at) or ".")
            return f"[{found['words']}]({target}{found['anchor'] or ''})"
        if (ROOT / path).exists():
            words = found["words"].strip("`")
            return f"`{path}`" if words.rstrip("/") in (path, posixpath.basename(path)) else f"{words} (`{path}`)"
        return found[0]

    return LINK.sub(link, markdown)


def on_post_page(output: str, page: Any, **_: Any) -> str:
    """The page, which fetches nothing from elsewhere."""
    if found := FETCHED.search(output):
        raise PluginError(f"{page.file.src_uri} fetches from elsewhere: {found[0]}")
    return output
