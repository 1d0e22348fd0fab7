"""`python -m benchmarks installed`: what counts as used, and the table."""

from pathlib import Path

import pytest

from benchmarks import installed


@pytest.mark.parametrize(
    "file, source",
    [
        ("/env/numpy/__pycache__/version.cpython-311.pyc", "/env/numpy/version.py"),
        ("/env/numpy/version.py", "/env/numpy/version.py"),
        ("/env/numpy/core/_umath.cpython-311-x86_64-linux-gnu.so", "/env/numpy/core/_umath.cpython-311-x86_64-linux-gnu.so"),
    ],
)  # fmt: skip
def test_bytecode_is_used_where_its_module_is(file, source):
    """By the module's own file."""
    assert installed._source_of(Path(file)) == source


def test_the_last_row_is_the_sum():
    """In MB of 10^6 bytes."""
    sizes = {"bytes": 2_000_000, "used": 1_000_000, "tests": 500_000, "bytecode": 0}
    table = installed.to_markdown({"distributions": {"a": sizes, "b": sizes}})
    assert table.splitlines()[-3:] == [
        "| a | 2.0 | 1.0 | 0.5 | 0.0 |",
        "| b | 2.0 | 1.0 | 0.5 | 0.0 |",
        "| all | 4.0 | 2.0 | 1.0 | 0.0 |",
    ]


def test_a_program_that_fails_says_why():
    """With the end of what it said."""
    import sys

    assert installed._told(sys.executable, "print('seen'); print('[1]')") == [1]
    with pytest.raises(RuntimeError, match="status 3: no page"):
        installed._told(sys.executable, "import sys; print('no page', file=sys.stderr); sys.exit(3)")
