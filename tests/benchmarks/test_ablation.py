"""Ablations train and test what they say, go on where they were, and print what is stored."""

import json
import sys

import pytest

from tests.deep_thinking.conftest import ROOT, call_script
from thinkenv.deep_thinking.architectures.counting import CountingNet
from thinkenv.deep_thinking.training.recipes import plan_for
from thinkenv.mazes import MazeTask
from thinkenv.tasks.registry import import_file

STUDIES = ("trees", "counting")


@pytest.fixture
def ablation(benchmark_module):
    return benchmark_module("ablation")


@pytest.mark.parametrize("name", STUDIES)
def test_tests_are_of_mazes_that_there_are_and_the_easier_ones_come_first(ablation, name):
    tests = ablation.STUDIES[name].tests
    for index, (_, one) in enumerate(tests.items()):
        assert MazeTask(split="extrapolation", **one.mazes).size > 9
        assert one.after is None or one.after in list(tests)[:index]


@pytest.mark.parametrize("name", STUDIES)
def test_the_options_of_every_variant_are_options_of_the_training(
    ablation, name, monkeypatch, tmp_path
):
    seen = []

    def note(task, selection, architecture, net, plan, *others):
        seen.append((architecture.name, selection, net, plan))
        raise ValueError("as far as that")

    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(import_file(ROOT / "agents" / "train_dt.py"), "Run", note)
    for options in ablation.STUDIES[name].variants.values():
        words = [*options.split(), "--threads", "1", "--folder", tmp_path / "run"]
        assert "as far as that" in call_script("train_dt", *words, expect=1)[1]
    # No two variants are the same; the net that has no counters has none.
    assert len(set(map(repr, seen))) == len(seen)
    if name == "counting":
        assert [net.sources for _, _, net, _ in seen] == [
            (),
            (3,),
            (3,),
            (3, 3, 3, 3),
            (3,),
            (2, 3),
            (3,),
        ]


def test_the_recipes_are_trained_with_their_plans(ablation):
    assert ablation.STUDIES["counting"].plan == plan_for(MazeTask, CountingNet)
    assert list(ablation.STUDIES["counting"].variants)[-1].endswith("the recipe")


def test_harder_mazes_are_tried_where_half_of_the_easier_ones_are_solved(ablation):
    easy, hard = ({"size": size, "endpoints": "dead_ends"} for size in (13, 33))
    tests = {
        "13": ablation.Test(easy, 4, 400),
        "33": ablation.Test(hard, 3, 400, after="13"),
        "33 early": ablation.Test(hard, 3, 16),
        "33 after": ablation.Test(hard, 3, 400, after="33 early"),
        "33 after that": ablation.Test(hard, 3, 400, after="33 after"),
    }
    found = ablation.test("maze", tests)
    assert list(found) == ["13", "33", "33 early"]
    assert found["13"]["exact"] == found["33"]["exact"] == found["33"]["at_rest"] == 1
    assert found["33 early"]["exact"] == found["33 early"]["at_rest"] == 0
    assert found["33"]["n"] == 3 and found["33"]["exact_low"] < 1


def test_runs_that_are_stored_are_not_done_again(ablation, monkeypatch, capsys, tmp_path):
    """Whatever is left to do is handed to the processes in order, one seed after the other."""
    recipe, bounded = "one counter: the recipe", "bounded memory alone"
    row = {
        "variant": recipe,
        "seed": 0,
        "seconds": 179.6,
        "validation_exact": 0.99,
        "sizes": {"33 trees": {"exact": 1.0, "at_rest": 0.5}},
    }
    file = tmp_path / "runs.json"
    file.write_text(json.dumps({"rows": [row]}))
    handed: list[tuple] = []

    class Here:
        """Stands for a pool: the work is noted, and its rows are like the stored one."""

        def __init__(self, workers: int):
            assert workers == 1

        def __enter__(self):
            return self

        def __exit__(self, *problem: object):
            pass

        def imap_unordered(self, work, jobs):
            handed.extend(jobs)
            return [row | {"variant": variant, "seed": seed} for _, variant, seed, *_ in jobs]

    monkeypatch.setattr(ablation.multiprocessing, "get_context", lambda kind: ablation)
    monkeypatch.setattr(ablation, "Pool", Here, raising=False)
    words = ["--study", "counting", "--seeds", "0", "1", "--variants", recipe, bounded]
    words += ["--minutes", "3", "--workers", "1", "--json", str(file)]
    monkeypatch.setattr(sys, "argv", ["ablation.py", *words])
    ablation.main()
    assert [job[:4] for job in handed] == [
        ("counting", bounded, 0, 3),
        ("counting", recipe, 1, 3),
        ("counting", bounded, 1, 3),
    ]
    assert len(json.loads(file.read_text())["rows"]) == 4
    lines = capsys.readouterr().out.splitlines()
    assert lines[-4].startswith("| variant | seconds of training | 9, validation | 33 trees solved")
    assert lines[-2].startswith(f"| {bounded} | 180, 180 | 99, 99 | 100, 100 | 50, 50 | -, - |")


def test_a_variant_of_another_study_is_refused(ablation, monkeypatch, tmp_path):
    words = ["--study", "counting", "--variants", "recall", "--json", str(tmp_path / "runs.json")]
    monkeypatch.setattr(sys, "argv", ["ablation.py", *words])
    with pytest.raises(ValueError, match="--variants must be one of 'bounded memory alone'"):
        ablation.main()
