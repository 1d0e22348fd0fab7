"""`Signals`: leads in millivolts on one clock, and `Reader(signals=True)`."""

import pickle
import sys

import numpy as np
import pytest

import ecg_edge
from ecg_edge import Reader, Signals
from ecg_edge.errors import EcgEdgeError, UsageError
from ecg_edge.layout import LEADS_12


def lead(length, gap=slice(0)):
    """A wave of so many samples, with a gap."""
    mv = np.sin(np.arange(length) / 50).astype(np.float32)
    mv[gap] = np.nan
    return mv


def page(strip, chest=1250, gap=slice(0)):
    """Two columns of leads of 1250 samples, the second of so many, above a strip of V1; as they are traced, row by row."""
    leads = {"I": lead(1250), "V1": lead(chest), "II": lead(1250), "V2": lead(chest, gap), "rhythm": lead(strip)}
    starts = {"I": 0.0, "II": 0.0, "V1": 2.5, "V2": 2.5, "rhythm": 0.0}
    return Signals.on_one_clock(leads, starts, {"rhythm": "V1"}, 500, 25.0, 10.0)


@pytest.fixture(scope="module")
def read(normal_page):
    """The `Signals` of a report page."""
    return Reader("page", signals=True).read(normal_page).signals


def test_leads_stand_in_the_standard_order_and_strips_behind_them(read):
    """However the page has them."""
    assert read.names == (*LEADS_12, "rhythm")
    assert read.leads == (*LEADS_12, "II")
    assert page(2500).names == ("I", "II", "V1", "V2", "rhythm")
    assert page(2500).leads == ("I", "II", "V1", "V2", "V1")


def test_a_strip_whose_name_is_unread_shows_no_known_lead():
    """`None`, never a guess."""
    strips = {"I": lead(500), "rhythm": lead(500), "rhythm2": lead(500)}
    signals = Signals.on_one_clock(strips, dict.fromkeys(strips, 0.0), {"rhythm": None, "rhythm2": "V1"}, 500)
    assert signals.leads == ("I", None, "V1")


def test_each_lead_is_known_where_it_is_shown_and_nowhere_else(read):
    """NaN before and behind; the clock is the page's."""
    assert read.mv.dtype == np.float32 and read.mv.shape[1] == 13 and read.rate_hz == 500
    time_s = np.arange(len(read.mv)) / read.rate_hz
    for name, mv in zip(read.names, read.mv.T, strict=True):
        shown = (time_s >= read.start_s[name]) & (time_s < read.stop_s[name])
        np.testing.assert_array_equal(np.isfinite(mv), shown)
        np.testing.assert_array_equal(mv[shown], read.lead(name))
    assert {name: read.start_s[name] for name in ("I", "aVR", "V1", "V4", "rhythm")} == {
        "I": 0.0, "aVR": 2.5, "V1": 5.0, "V4": 7.5, "rhythm": 0.0,
    }  # fmt: skip


@pytest.mark.parametrize("strip, chest", [(2497, 1251), (2503, 1251), (2434, 1250), (2500, 1250)])
def test_no_lead_ends_in_nan_since_another_is_some_samples_longer(strip, chest):
    """The page ends where the first of the leads at its right edge ends; what is shorter than that is another column."""
    signals = page(strip, chest)
    assert len(signals.mv) == min(strip, 1250 + chest)
    assert np.isfinite(signals.mv[-1, 2:]).all() and np.isnan(signals.mv[-1, :2]).all()
    assert signals.stop_s["rhythm"] == signals.stop_s["V1"] == len(signals.mv) / 500


def test_a_lead_that_is_much_shorter_ends_where_it_ends():
    """It is no matter of roundings, and the others are not cut for it."""
    signals = page(2300)
    assert len(signals.mv) == 2500 and signals.stop_s["rhythm"] == 4.6


def test_what_was_lost_at_the_end_stays_lost():
    """A gap is no difference in length."""
    signals = page(2500, gap=slice(1200, 1250))
    assert np.isnan(signals.lead("V2")[-50:]).all() and len(signals.mv) == 2500


def test_a_page_without_leads_is_empty():
    """Nothing to be read is no error."""
    signals = Signals.on_one_clock({"I": lead(0)}, {"I": 0.0}, {}, 500)
    assert signals.mv.shape == (0, 1) and signals.lead("I").size == 0 and signals.segments() == ()


def test_a_lead_that_is_not_there_is_named():
    """With those that are."""
    with pytest.raises(UsageError, match="there is no lead 'V9': I, II, V1, V2, rhythm"):
        page(2500).lead("V9")


def test_segments_are_columns_and_strips_without_gaps(read):
    """By their beginning; each on the page's clock."""
    parts = read.segments()
    assert [part.names for part in parts] == [LEADS_12[:3], ("rhythm",), LEADS_12[3:6], LEADS_12[6:9], LEADS_12[9:]]
    assert [part.begin_s for part in parts] == [0.0, 0.0, 2.5, 5.0, 7.5]
    for part in parts:
        assert np.isfinite(part.mv).all()
        for name in part.names:
            first = round((part.begin_s - read.start_s[name]) * 500)
            np.testing.assert_array_equal(part.lead(name), read.lead(name)[first : first + len(part.mv)])


def test_a_lead_is_cut_at_its_gaps_and_nothing_is_filled_in():
    """Its pieces stand alone; one of less than a second is left out."""
    parts = page(2500, gap=slice(400, 600)).segments()
    found = [(part.names, part.begin_s, len(part.mv)) for part in parts]
    assert found == [(("I", "II"), 0.0, 1250), (("rhythm",), 0.0, 2500), (("V1",), 2.5, 1250), (("V2",), 3.7, 650)]
    assert parts[3].start_s == {"V2": 3.7} and parts[3].stop_s == {"V2": 5.0}


def test_a_column_is_cut_to_what_its_leads_have():
    """Where a few samples are lost at its ends."""
    parts = page(2500, gap=slice(0, 20)).segments()
    assert [(part.names, part.begin_s, len(part.mv)) for part in parts][-1] == (("V1", "V2"), 2.54, 1230)


def test_pandas_has_a_column_for_each_lead_by_time(read):
    """Seconds as index; of a segment the page's."""
    pandas = pytest.importorskip("pandas")
    frame = read.to_pandas()
    assert isinstance(frame, pandas.DataFrame)
    assert tuple(frame.columns) == read.names and frame.index.name == "time_s"
    np.testing.assert_array_equal(frame["V1"].to_numpy(), read.mv[:, 6])
    assert frame["V1"].first_valid_index() == 5.0
    assert read.segments()[-1].to_pandas().index[0] == 7.5


def test_pandas_is_asked_for_where_it_is_missing(monkeypatch):
    """An error of ours, that is an ImportError too."""
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pandas is not installed: pip install pandas") as caught:
        page(2500).to_pandas()
    assert isinstance(caught.value, EcgEdgeError)


@pytest.mark.slow
@pytest.mark.parametrize("model", ["page", "tiny"])
def test_results_carry_signals_where_they_are_asked_for(model, tiny_folder, normal_page):
    """With models of single leads too, whose answer stays the same; JSON stays as it is."""
    folder = tiny_folder if model == "tiny" else None
    plain, asked = (Reader(model, folder=folder, signals=wanted).read(normal_page) for wanted in (False, True))
    assert plain.signals is None and isinstance(asked.signals, Signals)
    assert asked.probabilities == plain.probabilities
    assert asked.to_dict().keys() == plain.to_dict().keys() and "signals" not in asked.to_dict()
    _, stages = Reader("page").inspect(normal_page)
    np.testing.assert_array_equal(asked.signals.lead("V1"), stages.traces.signals["V1"])


def test_models_of_single_leads_follow_none_unless_signals_are_asked_for(tiny_reader, tiny_folder, normal_page):
    """It would cost as much as all else."""
    assert "trace" not in tiny_reader.read(normal_page).timing_ms
    assert "trace" in Reader("tiny", folder=tiny_folder, signals=True).read(normal_page).timing_ms


@pytest.mark.slow
def test_refused_pages_have_signals_where_their_leads_were_followed(tiny_folder, odd_pages, tmp_path):
    """A layout that a model does not read is no reason to withhold them; what is no picture has none."""
    reader = Reader("tiny", folder=tiny_folder, signals=True)
    refused = reader.read(odd_pages[0].path)
    assert (refused.status, refused.reason.value) == ("refused", "bad_layout")
    assert set(refused.signals.names) == set(LEADS_12)
    assert reader.read(tmp_path / "missing.jpg").signals is None


@pytest.mark.slow
def test_signals_come_from_other_processes(tiny_folder, few_pages):
    """And are the same ones."""
    paths = [page.path for page in few_pages[:2]]
    reader = Reader("tiny", folder=tiny_folder, signals=True)
    for result, path in zip(reader.read_all(paths, jobs=2), paths, strict=True):
        np.testing.assert_array_equal(result.signals.mv, reader.read(path).signals.mv)


def test_signals_are_pickled_whole(read):
    """Also what is not their samples."""
    other = pickle.loads(pickle.dumps(read))
    np.testing.assert_array_equal(other.mv, read.mv)
    assert (other.names, other.leads, other.start_s, other.mm_per_s) == (read.names, read.leads, read.start_s, 25.0)


def test_the_package_names_signals():
    """As a type for those who annotate."""
    assert ecg_edge.Signals is Signals and "Signals" in dir(ecg_edge)
