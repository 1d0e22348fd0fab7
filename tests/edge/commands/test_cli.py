"""The command line: in this process with the model `tiny`, and as a command where no model is needed."""

import io
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import types
from importlib import resources

import jsonschema
import numpy as np
import pytest
from PIL import Image

from ecg_edge import __version__
from ecg_edge.commands.cli import build_parser, main
from ecg_edge.errors import CameraTimeoutError
from ecg_edge.layout import CLASSES, REPORT
from ecg_edge.network import card as cards

COMMANDS = ("classify", "demo", "models", "bench", "capture", "watch", "serve", "history", "doctor", "install-service")


@pytest.fixture
def run(monkeypatch, capsys, tiny_folder):
    """`run("classify", …)` is (exit status, standard output, standard error), with `tiny` as the one installed model."""
    monkeypatch.setattr(cards, "models_folder", lambda: tiny_folder)
    monkeypatch.setattr(cards, "DEFAULT_MODEL", "tiny")

    def call(*arguments):
        try:
            status = main([os.fspath(argument) for argument in arguments])
        except SystemExit as end:
            status = end.code
        return status, *capsys.readouterr()

    return call


@pytest.fixture(scope="module")
def validate():
    return jsonschema.Draft202012Validator(
        json.loads((resources.files("ecg_edge") / "result.schema.json").read_text())
    ).validate


@pytest.fixture
def archive(tmp_path, few_pages, odd_pages):
    """A directory of pages below each other, a bad one among them."""
    folder = tmp_path / "archive"
    for name, page in zip(("b/2.jpg", "a/10.JPG", "c.jpeg"), few_pages, strict=False):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(page.path.read_bytes())
    (folder / "b" / "1.jpg").write_bytes(b"no picture")
    (folder / "b" / "3.jpg").write_bytes(odd_pages[0].path.read_bytes())
    (folder / "notes.txt").write_text("not a picture's name")
    return folder


def command(*arguments, **options):
    """Run `python -m ecg_edge` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "ecg_edge", *map(os.fspath, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        **options,
    )


# Exit statuses


def test_pages_that_are_read_end_with_0(run, few_pages):
    """One line a page, in the order given."""
    status, out, err = run("classify", *(page.path for page in few_pages))
    assert (status, err) == (0, "")
    for line, page in zip(out.splitlines(), few_pages, strict=True):
        assert re.fullmatch(rf"{re.escape(str(page.path))}: ({'|'.join(CLASSES)}) [01]\.\d\d", line)


def test_uncertain_pages_end_with_0_too(run, normal_page):
    """They have a verdict."""
    status, out, _ = run("classify", normal_page, "--min-confidence", "1")
    assert status == 0 and out.endswith(" (uncertain)\n")


def test_one_bad_file_among_good_ones_ends_with_1_and_the_others_are_done(run, few_pages):
    """Wherever it stands."""
    paths = [few_pages[0].path, "none.jpg", few_pages[1].path]
    status, out, err = run("classify", *paths)
    assert (status, err) == (1, "")
    lines = out.splitlines()
    assert lines[1] == "none.jpg: failed (not_found): There is no picture there: check the path."
    assert [line.split(":")[0] for line in lines] == [str(path) for path in paths]
    assert re.search(r" [01]\.\d\d$", lines[0]) and re.search(r" [01]\.\d\d$", lines[2])


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
        (["--min-confidence", "2"], "ecg-edge: min_confidence must be from 0 to 1, not 2.0\n"),
        (["--min-confidence", "nan"], "ecg-edge: min_confidence must be from 0 to 1, not nan\n"),
        (["--threads", "0"], "ecg-edge: threads must be a whole number of at least 1, not 0\n"),
        (["--jobs", "0"], "ecg-edge: jobs must be at least 1, not 0\n"),
        (["--runtime", "onnx"], "ecg-edge: no runtime 'onnx': there are ai-edge-litert, tflite-runtime\n"),
        (["--steps", "x", "--jobs", "2"], "ecg-edge: --steps, --overlay and --signals go with --jobs 1\n"),
        (["--overlay", "x", "--jobs", "2"], "ecg-edge: --steps, --overlay and --signals go with --jobs 1\n"),
        (["--signals", "x", "--jobs", "2"], "ecg-edge: --steps, --overlay and --signals go with --jobs 1\n"),
        (["--mm-per-s", "0"], "ecg-edge: mm_per_s must be above 0, not 0.0\n"),
        (["--mm-per-mv", "nan"], "ecg-edge: mm_per_mv must be above 0, not nan\n"),
    ],
)
def test_wrong_values_end_with_2(run, normal_page, arguments, message):
    """And with one line that says which."""
    assert run("classify", normal_page, *arguments) == (2, "", message)


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

    from ecg_edge.network import runtime

    def version(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(runtime.metadata, "version", version)
    status, out, err = run("classify", normal_page)
    assert (status, out) == (3, "") and err.startswith("ecg-edge: No TensorFlow Lite runtime can be used. ")


# What is printed


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_every_json_line_follows_the_schema(run, archive, validate, jobs):
    """Verdicts, refusals and failures, a line each, sorted by path; with one process or two."""
    status, out, err = run("classify", archive, "--json", "--jobs", jobs)
    assert (status, err) == (1, "")
    lines = [json.loads(line) for line in out.splitlines()]
    for line in lines:
        validate(line)
    assert [(os.path.relpath(line["source"], archive), line["reason"]) for line in lines] == [
        ("a/10.JPG", None), ("b/1.jpg", "not_a_picture"), ("b/2.jpg", None), ("b/3.jpg", "bad_layout"), ("c.jpeg", None),
    ]  # fmt: skip


def test_an_empty_directory_is_not_found(run, tmp_path):
    """A directory without pictures is answered, among files that are read."""
    status, out, _ = run("classify", tmp_path)
    assert (status, out) == (
        1,
        f"{tmp_path}: failed (not_found): The directory holds no picture"
        " (.jpg, .jpeg, .png, .tif, .tiff, .bmp, .webp): check the path.\n",
    )


def stdin_of(monkeypatch, data):
    monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(buffer=io.BytesIO(data)))


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_dash_is_standard_input(run, normal_page, monkeypatch, jobs):
    """The picture's bytes come through a pipe."""
    stdin_of(monkeypatch, normal_page.read_bytes())
    status, out, _ = run("classify", "-", "--json", "--jobs", jobs)
    line = json.loads(out)
    assert (status, line["source"], line["status"]) == (0, "-", "read")
    assert line["sha256"] == "b2790b05c4c4ae6b198eb83f2424dda55ca5714cec931ebbad7f932126d3cf7b"


@pytest.mark.parametrize("data, reason", [(b"", "truncated"), (b"hello", "not_a_picture")])
def test_a_bad_standard_input_is_called_a_dash_too(run, monkeypatch, data, reason):
    """As a person typed it."""
    stdin_of(monkeypatch, data)
    status, out, _ = run("classify", "-", "--json")
    assert (status, json.loads(out)["source"], json.loads(out)["reason"]) == (1, "-", reason)


def test_names_that_are_no_text_are_printed_all_the_same(run, tmp_path, normal_page):
    """A file system takes any bytes as a name."""
    path = os.path.join(os.fsencode(tmp_path), b"caf\xe9.jpg")
    with open(path, "wb") as file:
        file.write(normal_page.read_bytes())
    status, out, _ = run("classify", tmp_path, "--json")
    assert status == 0 and json.loads(out)["source"] == os.fsdecode(path)
    status, out, _ = run("classify", tmp_path)
    assert status == 0 and "caf" in out


def test_the_steps_are_written(run, archive, tmp_path):
    """For each page that was read the documented files, and nothing for the others."""
    status, _, _ = run("classify", archive, "--steps", tmp_path / "steps")
    assert status == 1
    folders = sorted(path.name for path in (tmp_path / "steps").iterdir())
    assert [re.fullmatch(r"(.+)-[0-9a-f]{8}", name)[1] for name in folders] == ["10", "2", "c"]
    files = ("1-crop.png", "2-gaussian.png", "3-binary.png", "4-model-input.png")
    for name in folders:
        found = {
            str(path.relative_to(tmp_path / "steps" / name)) for path in (tmp_path / "steps" / name).rglob("*.png")
        }
        assert found == {"page-gray.png", *(f"{lead}/{file}" for lead in REPORT.lead_names for file in files)}


def test_steps_are_refused_where_the_model_has_none(run, monkeypatch, tiny_folder, normal_page, tmp_path):
    """A model of whole pages sees signals: nothing would be written, in silence."""
    card = json.loads((tiny_folder / "tiny.json").read_text())
    card["input"]["kind"] = "page_signal"
    (tmp_path / "tiny.json").write_text(json.dumps(card))
    (tmp_path / "tiny.tflite").write_bytes((tiny_folder / "tiny.tflite").read_bytes())
    monkeypatch.setattr(cards, "models_folder", lambda: tmp_path)
    status, out, err = run("classify", normal_page, "--steps", tmp_path / "steps")
    assert (status, out) == (2, "")
    assert err == "ecg-edge: --steps shows what models of single leads see: add --model cnn (tiny sees signals)\n"


def test_steps_that_cannot_be_written_end_with_3(run, normal_page, tmp_path):
    """In one line."""
    (tmp_path / "taken").touch()
    status, out, err = run("classify", normal_page, "--steps", tmp_path / "taken")
    assert (status, out) == (3, "")
    assert err == f"ecg-edge: {tmp_path / 'taken' / 'normal-b2790b05'}: cannot be written (Not a directory).\n"


def test_signals_are_written(run, archive, tmp_path):
    """CSV and WFDB of every page whose leads were followed, those that the model then refused too; nothing for the others."""
    status, _, _ = run("classify", archive, "--signals", tmp_path / "signals")
    assert status == 1
    found = sorted(path.name for path in (tmp_path / "signals").iterdir())
    names = [re.fullmatch(r"(.+)-[0-9a-f]{8}\.(csv|dat|hea)", name).groups() for name in found]
    assert names == [(stem, kind) for stem in ("10", "2", "3", "c") for kind in ("csv", "dat", "hea")]


def test_overlays_are_written(run, archive, tmp_path):
    """Of every picture that could be opened, read or refused."""
    status, _, _ = run("classify", archive, "--overlay", tmp_path / "overlay")
    assert status == 1
    found = sorted((tmp_path / "overlay").iterdir())
    assert len(found) == 4
    for path in found:
        with Image.open(path) as image:
            assert min(image.size) > 500


def test_a_photograph_is_classified(run, report_photo, tmp_path, validate):
    """From a file of a camera, at a given speed and gain."""
    (tmp_path / "photo.jpg").write_bytes(report_photo.photo.jpeg)
    status, out, err = run("classify", tmp_path / "photo.jpg", "--json", "--mm-per-s", "25", "--mm-per-mv", "10")
    line = json.loads(out)
    validate(line)
    assert (status, err, line["status"], line["page"]["layout"]) == (0, "", "read", "3x4+1")


def test_progress_is_for_terminals_alone(run, normal_page, monkeypatch):
    """On standard error, and only where results go elsewhere."""
    monkeypatch.setattr(type(sys.stderr), "isatty", lambda self: self is sys.stderr, raising=False)
    _, out, err = run("classify", normal_page, normal_page)
    assert err == "\r1 of 2\r2 of 2\n" and "\r" not in out


# Other commands


def test_models_are_listed(run):
    """Name, version, size and summary, a line each."""
    status, out, _ = run("models")
    assert (status, out) == (0, "tiny     1           0.0 MB  for tests; it has learnt nothing\n")


def test_a_card_is_shown(run, tiny_folder):
    """As JSON, on one line where --json is given."""
    fields = json.loads((tiny_folder / "tiny.json").read_text())
    for arguments in (["tiny"], ["tiny", "--json"], ["--json"]):
        status, out, _ = run("models", *arguments)
        assert status == 0 and json.loads(out) == fields
        assert ("--json" in arguments) == (out.count("\n") == 1)


def test_a_damaged_model_is_told_in_the_list(run, tiny_folder, tmp_path, monkeypatch):
    """The others are listed, and the status is 3."""
    for name in ("a", "tiny"):
        (tmp_path / f"{name}.json").write_bytes((tiny_folder / "tiny.json").read_bytes())
    (tmp_path / "tiny.tflite").write_bytes((tiny_folder / "tiny.tflite").read_bytes())
    monkeypatch.setattr(cards, "models_folder", lambda: tmp_path)
    status, out, err = run("models")
    assert (status, out.split()[0]) == (3, "tiny")
    assert err == f"ecg-edge: {tmp_path / 'a.tflite'} is missing: install ecg-edge again.\n"


@pytest.fixture
def here(monkeypatch):
    """Camera and reader in this process, which has the model `tiny`; `settings` are those that the command asked for."""
    from ecg_edge.commands import capture
    from ecg_edge.device.capture_service import CaptureService

    class Here:
        settings, asked, closed = None, [], False

        def start(self, tick=None):
            self.station = CaptureService(self.settings, True)

        def call(self, request, timeout_s):
            self.asked.append((request, timeout_s))
            return self.station(request)

        def close(self):
            self.closed = True

    one = Here()

    def make(settings):
        one.settings = settings
        return one

    monkeypatch.setattr(capture, "make_process", make)
    return one


def test_a_picture_is_captured_from_a_folder_and_read(run, here, few_pages, tmp_path, validate):
    """The picture is kept where it was asked for, and the result says when it was taken."""
    (tmp_path / "in").mkdir()
    shown = Image.open(few_pages[0].path).convert("RGB")
    shown.save(tmp_path / "in" / "page.png")
    status, out, _ = run("capture", "--camera", tmp_path / "in", "--out", tmp_path / "out.png", "--json")
    line = json.loads(out)
    validate(line)
    assert (status, line["status"], line["source"]) == (0, "read", str(tmp_path / "out.png"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", line["captured_at"])
    kept = np.asarray(Image.open(tmp_path / "out.png"), int)
    assert np.abs(kept - np.asarray(shown, int)).mean() < 4, "as JPEG has it"
    assert line["sha256"] and here.closed


def test_a_captured_picture_is_kept_as_it_was_read(run, here, few_pages, tmp_path):
    """As a JPEG its bytes, which give the same result again."""
    status, out, _ = run("capture", "--camera", few_pages[0].path.parent, "--out", tmp_path / "out.jpg", "--json")
    again = json.loads(run("classify", tmp_path / "out.jpg", "--json")[1])
    assert again["probabilities"] == json.loads(out)["probabilities"] and again["sha256"] == json.loads(out)["sha256"]


def test_hints_are_shown_until_the_page_lies_still(run, here, few_pages, tmp_path, monkeypatch):
    """Then the picture is taken."""
    hints = iter([(False, "too dark"), (True, "page found"), (False, "move closer"), *[(True, "page found")] * 3])
    monkeypatch.setattr("ecg_edge.device.capture_service.CaptureService._show_framing", lambda self: next(hints))
    (tmp_path / "page.jpg").write_bytes(few_pages[0].path.read_bytes())
    status, out, err = run("capture", "--camera", tmp_path, "--preview")
    assert status == 0 and re.fullmatch(r"camera .*: \w+ [01]\.\d\d\n", out)
    assert err.splitlines() == ["too dark", "page found", "move closer", "page found", "page found", "page found"]


def test_a_captured_picture_that_is_bad_is_a_result(run, here, tmp_path, validate):
    """Not a traceback."""
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    status, out, err = run("capture", "--camera", tmp_path, "--json")
    line = json.loads(out)
    validate(line)
    assert (status, err, line["status"], line["reason"]) == (1, "", "failed", "not_a_picture")
    assert line["source"] == f"camera {tmp_path}" and line["captured_at"]


@pytest.mark.parametrize("out", ["none/page.jpg", "page.nosuch"])
def test_a_captured_picture_that_cannot_be_kept_ends_with_3(run, here, normal_page, tmp_path, out):
    """A folder that is not there, a format that is not known."""
    status, shown, err = run("capture", "--camera", normal_page.parent, "--out", tmp_path / out)
    assert (status, shown) == (3, "") and err.startswith(f"ecg-edge: {tmp_path / out}: cannot be written (")


@pytest.mark.parametrize("camera", ["none", "²"])
def test_a_camera_that_is_not_there_ends_with_3(run, here, camera):
    """A folder that does not exist; and what is a digit to Python and no number."""
    assert run("capture", "--camera", camera) == (3, "", f"ecg-edge: {camera} is no folder of pictures.\n")


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf"])
def test_a_camera_has_a_limit(run, value):
    """Never is no limit."""
    assert run("capture", "--timeout", value) == (2, "", "ecg-edge: --timeout must be above 0\n")


def test_a_camera_that_hangs_ends_with_3_and_is_closed(run, here, monkeypatch):
    """On every path the process that holds it is ended; the camera's limit comes before the process's."""

    def hang(self):
        raise CameraTimeoutError("The camera gave no picture within 2 s.")

    monkeypatch.setattr("ecg_edge.device.capture_service.CaptureService._opened", lambda self: None)
    monkeypatch.setattr("ecg_edge.device.capture_service.CaptureService._capture", hang)
    assert run("capture", "--camera", "1", "--timeout", "2") == (
        3,
        "",
        "ecg-edge: The camera gave no picture within 2 s.\n",
    )
    assert here.closed and here.settings["camera"]["timeout_s"] == 2.0 and here.asked[0][1] > 60


def test_the_demo_reads_a_page_of_each_class_and_keeps_the_steps(run, few_pages, tmp_path, monkeypatch):
    """On stand-ins for the drawn pages: the lines, the files, the disclaimer."""
    pages = {page.label: Image.open(page.path).convert("RGB") for page in few_pages}
    monkeypatch.setitem(
        sys.modules, "ecg_edge.simulator.heart", types.SimpleNamespace(simulate=lambda kind, seed: kind)
    )
    monkeypatch.setitem(
        sys.modules, "ecg_edge.simulator.report_page", types.SimpleNamespace(draw_report=pages.__getitem__)
    )
    status, out, err = run("demo", "--out", tmp_path / "demo")
    assert (status, err) == (0, "")
    for kind in CLASSES:
        assert re.search(rf"^  drawn as {kind} *read as \w+ +probability [01]\.\d\d, \d+ ms$", out, re.MULTILINE)
        assert (tmp_path / "demo" / f"{kind}.png").is_file()
        assert len(list((tmp_path / "demo" / f"{kind}-steps").rglob("*.png"))) == 1 + 13 * 4
    assert out.startswith("Model tiny 1: for tests; it has learnt nothing\nRuntime ")
    assert out.endswith("Not a medical device: for research and education, never for diagnosis or treatment.\n")


# Help


def test_the_version_is_printed():
    """As a command."""
    done = command("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"ecg-edge {__version__}\n", "")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_an_example_that_its_parser_takes(capsys, name):
    """Its help ends with one."""
    with pytest.raises(SystemExit) as end:
        main([name, "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert end.value.code == 0
    example = re.search(r"example: ecg-edge (.+)$", text)[1]
    assert shlex.split(example)[0] == name
    assert callable(build_parser().parse_args(shlex.split(example)).run)


def test_the_help_names_every_command():
    """And no other."""
    done = command("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert tuple(re.findall(r"^    (\w[\w-]*)", done.stdout, re.MULTILINE)) == COMMANDS


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["classify", "--help"], ["classify"]])
def test_help_and_mistakes_import_nothing_heavy(arguments):
    """Neither NumPy nor SciPy nor Pillow nor a runtime."""
    script = (
        "import sys\nfrom ecg_edge.commands.cli import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "print('HEAVY', sorted({name.split('.')[0] for name in sys.modules}"
        " & {'numpy', 'scipy', 'PIL', 'tflite_runtime', 'ai_edge_litert', 'multiprocessing', 'json'}))"
    )
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "HEAVY []"


# Signals and pipes

DRIVER = """
import sys
from pathlib import Path
from ecg_edge.commands import cli
from ecg_edge.network import card
if __name__ == "__main__":
    card.models_folder = lambda: Path(sys.argv[1])
    sys.exit(cli.main(sys.argv[2:]))
"""


@pytest.fixture
def start(tmp_path, tiny_folder):
    """Start the command line with the model `tiny` in a process group of its own."""
    (tmp_path / "driver.py").write_text(DRIVER)
    started = []

    def call(*arguments, **options):
        line = [sys.executable, tmp_path / "driver.py", tiny_folder, *map(os.fspath, arguments), "--model", "tiny"]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        started.append(subprocess.Popen(line, text=True, start_new_session=True, **pipes))
        return started[-1]

    yield call
    for process in started:
        process.kill()
        process.communicate()


def without_runtimes_notes(text):
    return [line for line in text.splitlines() if not line.startswith("INFO: Created TensorFlow Lite XNNPACK")]


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("number, status", [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_it_after_the_page_in_hand(start, normal_page, jobs, number, status):
    """Whole lines, no traceback, and not all of the pages."""
    process = start("classify", *[normal_page] * 300, "--json", "--jobs", jobs)
    first = process.stdout.readline()
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    lines = [json.loads(line) for line in (first + out).splitlines()]
    assert process.returncode == status
    assert without_runtimes_notes(err) == []
    assert 1 <= len(lines) < 300 and all(line["status"] == "read" for line in lines)
    assert out == "" or out.endswith("\n")


@pytest.mark.parametrize("number, status", [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_to_the_whole_group_ends_it_without_a_traceback(start, normal_page, number, status):
    """As a terminal and systemd send them: the workers get it too."""
    process = start("classify", *[normal_page] * 300, "--jobs", "2")
    assert all(process.stdout.readline() for _ in range(8)), "both workers are up"
    os.killpg(process.pid, number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == status and "Traceback" not in err


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_closed_pipe_ends_it_without_a_traceback(start, normal_page, jobs):
    """`ecg-edge classify … | head -1`."""
    process = start("classify", *[normal_page] * 300, "--jobs", jobs)
    assert process.stdout.readline()
    process.stdout.close()
    assert without_runtimes_notes(process.stderr.read()) == []
    assert process.wait(timeout=60) == 128 + signal.SIGPIPE


def test_a_closed_pipe_under_the_help_is_no_traceback_either():
    """`ecg-edge --help | true`."""
    reading, writing = os.pipe()
    os.close(reading)
    with subprocess.Popen(
        [sys.executable, "-m", "ecg_edge", "--help"], stdout=writing, stderr=subprocess.PIPE
    ) as process:
        os.close(writing)
        assert process.stderr.read() == b""
    assert process.returncode in (-signal.SIGPIPE, 128 + signal.SIGPIPE)


def test_a_full_disk_under_the_output_ends_with_3(start, normal_page):
    """In one line."""
    with open("/dev/full", "w") as full:
        process = start("classify", normal_page, stdout=full)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 3
    assert without_runtimes_notes(err) == ["ecg-edge: a result cannot be written (No space left on device)."]
