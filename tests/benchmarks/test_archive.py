"""What the archive's benchmark measures, with a stand-in in place of reading."""

import pytest

from benchmarks import archive

pytestmark = pytest.mark.filterwarnings("ignore")  # the engine's own


def test_the_pace_and_the_cost_of_going_on_are_measured(tmp_path):
    """Of pages of their own names; every result as long as a real one."""
    (tmp_path / "pages").mkdir()
    folder = archive.links(tmp_path / "pages", 40)
    assert len(list(folder.iterdir())) == 40 and all(path.exists() for path in folder.iterdir())
    pace, cost, size = archive.pace(folder, 2, archive.stand_in, processes=False)
    assert pace > 0 and cost > 0 and 5000 < size < 6000
    seconds, _ = archive.resume_s(300, tmp_path)
    assert 0 < seconds < 60
