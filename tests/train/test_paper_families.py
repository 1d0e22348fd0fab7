"""Families of drawn paper: data that say what is drawn, and pages whose truth holds."""

import json
import zlib
from dataclasses import fields, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from train import paper, paper_families, paper_finish, paper_mixtures, paper_plan, paper_style

PX_PER_MM = 4.0


@pytest.fixture(scope="module")
def families(hearts):
    """{family: page}, one page each."""
    drawn = {}
    for family in paper_families.FAMILIES:
        style, _ = paper_families.draw_family(np.random.default_rng([4, zlib.crc32(family.encode())]), family)
        drawn[family] = paper.draw_page(hearts, style, px_per_mm=PX_PER_MM, seed=4)
    return drawn


def test_families_hold_what_they_are_named_for():
    """Twenty or more, of every layout, speed, gain, grid, order, separator, pulse and finish that can be drawn."""
    assert len(paper_families.FAMILIES) >= 20
    seen = {field.name: set() for field in fields(paper_style.Style)}
    for family in paper_families.FAMILIES:
        for seed in range(40):
            style, px_per_mm = paper_families.draw_family(np.random.default_rng(seed), family)
            assert 4 <= px_per_mm <= 9 and len(style.rhythm) == style.strips
            for name, values in seen.items():
                values.add(getattr(style, name))
    assert seen["layout"] == set(paper_style.USUAL_LAYOUTS) and seen["order"] == set(paper_style.ORDERS)
    assert seen["mm_per_s"] == {25.0, 50.0} and seen["mm_per_mv"] == {5.0, 10.0, 20.0}
    assert seen["grid"] == {"line", "boxes", "dots", "none"} and seen["colour"] == set(paper_style.COLOURS)
    assert seen["separators"] == {*paper_style.SEPARATORS, "short"} and seen["tint"] == set(paper_style.TINTS)
    assert seen["pulse"] == {"left", "right", "none", "cut"} and seen["pulse_rows"] == {"all", "last", "each column"}
    assert seen["finish"] == {"none", *paper_finish.FINISHES} and seen["frame"] == {"none", "traces", "grid"}
    assert {True, False} == seen["side"] == seen["header_rule"] and max(seen["handwriting"]) > 2
    assert seen["ink"] == set(paper_style.INKS) - {"blue"} and max(seen["gap_mm"]) > 3 and len(seen["jpeg"]) > 4


@pytest.mark.parametrize("family", paper_families.FAMILIES)
def test_a_page_of_a_family_has_its_leads_where_its_truth_says(family, families):
    """On the paper and apart from each other; each trace begins with ink, which faxes and whitening leave."""
    page, px_per_mm = families[family], PX_PER_MM
    width, height = page.image.size
    shade = np.asarray(page.image.convert("L"), float)
    paper_level = np.median(shade)
    for place in page.arrangement.places:
        assert 0 <= place.box.left < place.box.right <= width and 0 <= place.zero_px < height
        signal = page.signals[place.name]
        middle = len(signal) // 2
        across = page.arrangement.mm_per_s / paper.RATE_HZ * px_per_mm
        x = round(place.box.left + middle * across)
        y = place.zero_px - signal[middle] * page.arrangement.mm_per_mv * px_per_mm
        reach = max(2, round(0.4 * px_per_mm))
        around = shade[max(round(y) - reach, 0) : round(y) + reach + 1, x - reach : x + reach + 1]
        assert np.abs(around - paper_level).max() > 60
    columns = [place for place in page.arrangement.places if not place.name.startswith("rhythm")]
    assert all(one.box.right <= other.box.left + 1 for one, other in pairwise(columns) if one.zero_px == other.zero_px)


def test_the_command_writes_pages_of_families_with_truth(ptbxl, tmp_path, capsys):
    """python -m train.paper --out DIR --count 2 --families "white export as JPEG" Cabrera"""
    asked = ["white export as JPEG", "Cabrera"]
    assert paper.main(["--out", str(tmp_path), "--count", "2", "--seed", "3", "--families", *asked]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert [Path(line).name for line in printed] == [
        "white-export-as-JPEG-3.jpg", "white-export-as-JPEG-4.jpg", "Cabrera-3.png", "Cabrera-4.png"
    ]  # fmt: skip
    for line, who in zip(printed, ("ecg_id", "ludb") * 2, strict=True):
        picture = Path(line)
        truth = json.loads(picture.with_suffix(".json").read_text())
        assert (
            truth["family"] in asked and who in truth and (truth["style"]["order"] == "cabrera") == ("Cabrera" in line)
        )
        with np.load(picture.with_suffix(".npz")) as drawn:
            assert sorted(drawn) == sorted(place["name"] for place in truth["arrangement"]["places"])
        with Image.open(picture) as image:
            assert image.format == ("JPEG" if truth["style"]["jpeg"] else "PNG")
            assert image.info["dpi"][0] / 25.4 == pytest.approx(truth["arrangement"]["px_per_mm"][0], rel=0.02)
    ninth = {record.ecg_id for record in ptbxl if record.fold == 9}
    assert ninth.isdisjoint(json.loads(path.read_text()).get("ecg_id") for path in tmp_path.glob("*.json"))


def test_an_unknown_family_is_refused_by_name(tmp_path, capsys):
    """With the names that there are."""
    with pytest.raises(SystemExit) as stop:
        paper.main(["--out", str(tmp_path), "--families", "vellum"])
    assert stop.value.code == 2 and "vellum" in (said := capsys.readouterr().err) and "two panels" in said


def test_mixtures_meet_in_other_ways_than_families_and_can_be_read():
    """Each property by itself: nearly every pair of values of two of them is drawn; unusual scales have pulses that say so."""
    styles = [paper_mixtures.draw_mixture(np.random.default_rng(seed)) for seed in range(300)]
    assert all(px_per_mm * style.pen_mm >= 0.999 for style, px_per_mm in styles)
    pairs = {(style.ink, style.layout) for style, _ in styles}
    assert len(pairs) > 0.8 * len({ink for ink, _ in pairs}) * len({layout for _, layout in pairs})
    assert paper_mixtures.MIXTURE not in paper_families.FAMILIES
    unusual = [style for style, _ in styles if style.mm_per_s != 25 or style.mm_per_mv != 10 or style.grid == "none"]
    assert unusual and all(style.pulse in ("left", "right") and style.pulse_s == 0.2 for style in unusual)


def test_mixtures_are_what_a_maker_prints():
    """Names with their own rows, a grid paler than what is printed on it, all print on the paper, no frame along the paper's edge."""
    for seed in range(300):
        style, _ = paper_mixtures.draw_mixture(np.random.default_rng(seed))
        plan = paper_plan.plan_of(style, np.random.default_rng(0))
        assert style.name_rise_mm is None or style.name_rise_mm <= paper_mixtures.MAX_RISE * plan.pitch
        bold = 255 - style.strength * (255 - paper_mixtures._luma(paper_style.COLOURS[style.colour][1]))
        palest = max(paper_mixtures._luma(paper_style.INKS[ink]) for ink in (style.ink, style.name_ink or style.ink))
        assert bold >= palest + paper_mixtures.PALER - 1
        assert plan.left >= 0 and plan.left + paper_plan.wide_mm(style) <= plan.size[0]
        if style.side:
            assert paper_plan.side_left_mm(style, plan) + 8.0 <= plan.size[0]
        assert style.framed or style.frame != "grid"


def test_a_page_askew_has_its_corner_on_bare_paper(hearts):
    """It is turned about its middle, the rest the same."""
    style = paper_style.Style(paper="roll", row_mm=18.0, skew_deg=1.0, framed=True)
    turned = paper.draw_page(hearts, style, px_per_mm=PX_PER_MM).image
    level = paper.draw_page(hearts, replace(style, skew_deg=0.0), px_per_mm=PX_PER_MM).image
    taller = paper.draw_page(hearts, replace(style, row_mm=None), px_per_mm=PX_PER_MM).image
    assert turned.size == level.size and turned.tobytes() != level.tobytes()
    assert turned.getpixel((0, 0)) == level.getpixel((1, 1)) and level.height < taller.height
