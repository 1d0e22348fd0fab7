#!/usr/bin/env bash
# Pillow 13.0.0: ImageDraw.line takes coordinates with fractions and cuts them off.
#
# Input: upright lines of 1, 2 and 3 pixels across a small picture, each drawn at x = 10.0, 10.25, 10.5, 10.75 and 10.99.
#
# Seen: all five lie in the same columns. They are not rounded either: a curve that is drawn from points between pixels lies half a pixel to the left of, and
# above, where its points are, on average, while what is drawn at whole pixels, as the lines of a grid, lies where it should. On a page of 8 pixels a millimetre
# a trace at 25 mm/s is 2.5 ms early by that, and a ruler for programs that read such pages is off by as much.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check Pillow==13.0.0
cat > "$work/program.py" << 'PROGRAM'
import json
from PIL import Image, ImageDraw

columns = {}
for width in (1, 2, 3):
    seen = set()
    for x in (10.0, 10.25, 10.5, 10.75, 10.99):
        picture = Image.new("L", (24, 12))
        ImageDraw.Draw(picture).line([(x, 2), (x, 9)], fill=255, width=width)
        seen.add(tuple(at for at in range(24) if picture.getpixel((at, 5))))
    columns[width] = sorted(map(list, seen))
print(json.dumps(columns))
PROGRAM
expected='{"1": [[10]], "2": [[10, 11]], "3": [[9, 10, 11]]}'
seen=$("$work/env/bin/python" "$work/program.py" 2> "$work/errors" | tail -n 1) || { tail -n 3 "$work/errors"; exit 1; }
echo "saw $seen"
[ "$seen" = "$expected" ] || { echo "not $expected: the behaviour has changed"; exit 1; }
