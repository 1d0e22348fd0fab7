"""The exit statuses of the command line, and the messages that come with them."""

import re

import pytest

from ecg_edge.classifier import card as cards
from ecg_edge.layout import CLASSES

from .conftest import command


def test_pages_that_are_read_end_with_0(run, few_pages):
    """One line a page, in the order given."""
    status, out, err = run("classify", *(page.path for page in few_pages))
    assert (status, err) == (0, "")
    for line, page in zip(out.splitlines(), few_pages, strict=True):
        assert re.fullmatch(rf"{re.escape(str(page.path))}: ({'|'.join(CLASSES)}) \(\d\d %\)", line)


def test_uncertain_pages_end_with_0_too(run, normal_page):
    """They have a verdict."""
    status, out, _ = run("classify", normal_page, "--min-confidence", "1")
    assert status == 0 and out.endswith(" %, uncertain: low confidence)\n")


def test_one_bad_file_among_good_ones_ends_with_1_and_the_others_are_done(run, few_pages):
    """Wherever it stands."""
    paths = [few_pages[0].path, "none.jpg", few_pages[1].path]
    status, out, err = run("classify", *paths)
    assert (status, err) == (1, "")
    lines = out.splitlines()
    assert lines[1] == "none.jpg: failed (not_found): There is no picture there: check the path."
    assert [line.split(":")[0] for line in lines] == [str(path) for path in paths]
    assert re.search(r" \(\d\d %\)$", lines[0]) and re.search(r" \(\d\d %\)$", lines[2])


@pytest.mark.slow
def test_a_refused_page_ends_with_1(run, odd_pages):
    """A refusal is an answer, and not a verdict."""
    status, out, _ = run("classify", odd_pages[0].path)
    assert status == 1
    assert out == (
        f"{odd_pages[0].path}: refused (bad_layout): The page's leads are arranged as {odd_pages[0].layout}:"
        " this model reads 3x4+1 pages alone.\n"
    )


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--min-confidence", "2"], "ecg-edge: --min-confidence must be from 0 to 1, not 2.0\n"),
        (["--min-confidence", "nan"], "ecg-edge: --min-confidence must be from 0 to 1, not nan\n"),
        (["--threads", "0"], "ecg-edge: --threads must be a whole number of at least 1, not 0\n"),
        (["--jobs", "0"], "ecg-edge: --jobs must be at least 1, not 0\n"),
        (["--runtime", "onnx"], "ecg-edge: no runtime 'onnx': there are ai-edge-litert, tflite-runtime\n"),
        (
            ["--steps", "x", "--jobs", "2"],
            "ecg-edge: --steps, --overlay, --signals, --fhir and --report go with --jobs 1\n",
        ),
        (
            ["--overlay", "x", "--jobs", "2"],
            "ecg-edge: --steps, --overlay, --signals, --fhir and --report go with --jobs 1\n",
        ),
        (
            ["--signals", "x", "--jobs", "2"],
            "ecg-edge: --steps, --overlay, --signals, --fhir and --report go with --jobs 1\n",
        ),
        (["--mm-per-s", "0"], "ecg-edge: --mm-per-s must be above 0, not 0.0\n"),
        (["--mm-per-mv", "nan"], "ecg-edge: --mm-per-mv must be above 0, not nan\n"),
        (["--fs", "-1"], "ecg-edge: --fs must be above 0, not -1.0\n"),
        (
            ["--recorded-at", "2999-01-01"],
            "ecg-edge: '2999-01-01' lies in the future by this machine's clock: correct the time of recording, or the clock\n",
        ),
    ],
)
def test_wrong_values_end_with_2(run, normal_page, arguments, message):
    """And with one line that says which."""
    assert run("classify", normal_page, *arguments) == (2, "", message)


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nosuch"],
        ["classify"],
        ["classify", "x", "--jobs", "two"],
        ["classify", "x", "--nosuch"],
        ["models", "a", "b"],
    ],
)
def test_wrong_usage_ends_with_2(arguments):
    """As a command: usage on standard error, nothing on standard output."""
    done = command(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: ecg-edge")


def test_a_model_that_is_not_there_ends_with_3(run, normal_page):
    """With those that are."""
    assert run("classify", normal_page, "--model", "nosuch") == (
        3, "", "ecg-edge: There is no model 'nosuch'. Installed: tiny.\n"
    )  # fmt: skip


def test_a_model_that_is_not_there_ends_the_command_with_3(normal_page):
    """As a command, with the real folder of models."""
    done = command("classify", normal_page, "--model", "nosuch")
    assert (done.returncode, done.stdout) == (3, "")
    assert re.fullmatch(r"ecg-edge: There is no model 'nosuch'\. Installed: [\w, ]+\.\n", done.stderr)


def test_a_damaged_model_ends_with_3(run, normal_page, tiny_folder, tmp_path, monkeypatch):
    """In one line, without a traceback."""
    (tmp_path / "tiny.json").write_bytes((tiny_folder / "tiny.json").read_bytes())
    (tmp_path / "tiny.tflite").write_bytes((tiny_folder / "tiny.tflite").read_bytes()[:-1])
    monkeypatch.setattr(cards, "models_folder", lambda: tmp_path)
    status, out, err = run("classify", normal_page)
    assert (status, out) == (3, "")
    assert err == (
        f"ecg-edge: {tmp_path / 'tiny.tflite'} is damaged: its 9103 bytes are not those that its card names (9104 bytes)."
        " Install ecg-edge again.\n"
    )


def test_without_a_runtime_it_ends_with_3(run, normal_page, monkeypatch):
    """And says what to install."""
    from importlib import metadata

    from ecg_edge.classifier import runtime

    def version(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(runtime.metadata, "version", version)
    status, out, err = run("classify", normal_page)
    assert (status, out) == (3, "") and err.startswith("ecg-edge: No TensorFlow Lite runtime can be used. ")


def test_options_that_were_not_used_are_told(run, normal_page, tmp_path):
    """In a line each: those of pictures for a digital ECG, and the other way round."""
    (tmp_path / "leads.csv").write_text("time_s,II\n" + "".join(f"{n / 500},{n % 7}\n" for n in range(3000)))
    _, _, err = run("classify", tmp_path / "leads.csv", "--overlay", tmp_path / "out", "--mm-per-s", "50")
    assert (
        err
        == "ecg-edge: digital ECGs have no picture, no paper speed and no gain: --overlay, --mm-per-s not used for them\n"
    )
    _, _, err = run("classify", normal_page, "--fs", "500")
    assert err == "ecg-edge: --fs is for digital ECGs, and there was none: not used\n"
    assert run("classify", tmp_path / "leads.csv", "--fs", "500")[2] == ""
