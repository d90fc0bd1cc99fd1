"""Every reader of files refuses what is damaged: in one error, within limits, and never in silence.

Some thousand damaged files are tried in each run. For an hour of others:

    python -m tests.fuzzing
"""

import shutil
from pathlib import Path

import pytest

from tests.fuzzing.samples import SAMPLES
from tests.fuzzing.trials import in_limits, make_damaged, trials, try_again
from tests.test_gate import import_everything
from thinkenv import gate

pytest.importorskip("resource", reason="needs limits on a process")

CORPUS = Path(__file__).parent / "corpus"
FILES = 200  # of each kind
FILES_OF = {"table_table.parquet": 20}  # each of which needs a process


def test_every_reader_has_a_healthy_sample():
    import_everything()
    assert {sample.reader for sample in SAMPLES.values()} == set(gate.READERS)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_healthy_file_is_read(name, tmp_path):
    sample = SAMPLES[name]
    assert sample.judge(sample.read(sample.make(tmp_path)))


@pytest.mark.parametrize("name", SAMPLES)
def test_damaged_files_are_refused_or_harmless(name, tmp_path):
    files = FILES_OF.get(name, FILES)
    assert [failure for failure in trials(name, range(files), tmp_path) if failure] == []


@pytest.mark.parametrize(
    ("name", "case"),
    [(place.parent.name, place.name) for place in sorted(CORPUS.glob("*/*"))],
)
def test_what_once_failed_is_refused(name, case, tmp_path):
    shutil.copytree(CORPUS / name / case, tmp_path / case)
    (path,) = (tmp_path / case).iterdir()
    assert try_again(name, path) is None


def test_the_same_seed_makes_the_same_file(tmp_path):
    for name in SAMPLES:
        first, second = (make_damaged(name, 7, tmp_path / folder / name) for folder in "ab")
        assert first[1:] == second[1:]


def test_the_limits_are_kept():
    def take_memory():
        yield {"begun": 1}
        yield {"taken": len(bytes(10**11))}

    def crash():
        import ctypes
        import faulthandler

        faulthandler.disable()  # which pytest has turned on
        yield {"begun": 1}
        ctypes.string_at(0)
        yield {"survived": True}

    *_, first = in_limits(take_memory())
    assert first["ended"] == "the process died: 1"
    *_, second = in_limits(crash())
    assert second["ended"] == "the process died: SIGSEGV"
