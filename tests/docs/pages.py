"""The project's pages, and what stands in them."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OF_ROOT = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CODE_OF_CONDUCT.md")
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), *(ROOT / name for name in OF_ROOT)])
LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)")


def text_of(name):
    """A page of the repository, by its path."""
    return (ROOT / name).read_text(encoding="utf-8")


def code_of(name, language):
    """The code blocks of a page, of one language."""
    return re.findall(rf"^```{language}\n(.+?)^```", text_of(name), re.M | re.S)


def commands_of(name):
    """The lines of a page's shell blocks, without comments."""
    lines = [re.split(r"\s+#\s", line)[0].strip() for block in code_of(name, "sh") for line in block.splitlines()]
    return [line for line in lines if line]


def links_of(path):
    """(target, anchor) of the links and pictures of a page that lead to files; code is left out."""
    text = re.sub(r"^```.+?^```|`[^`\n]+`", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    targets = [found["target"] for found in LINK.finditer(text)]
    return [target.partition("#")[::2] for target in targets if not re.match(r"[a-z]+:", target)]


def anchors_of(path):
    """The anchors of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
