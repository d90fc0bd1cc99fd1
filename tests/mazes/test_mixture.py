"""Mixtures: each instance is of one kind, chosen by its number, and is what that kind draws."""

import json
from dataclasses import replace

import numpy as np
import pytest

from thinkenv.mazes import MazeMixture, MazeTask
from thinkenv.mazes.mixture import ANY_KIND
from thinkenv.tasks.splits import SPLITS

from .test_task import walls_as_text

TWO = [{"weight": 3, "generator": "caves"}, {"endpoints": "adjacent", "loops": 0.2}]


def test_kinds_come_as_often_as_their_weights_say():
    weights = np.array([kind["weight"] for kind in ANY_KIND])
    shares = np.bincount(MazeMixture().kinds_of(np.arange(50_000))) / 50_000
    assert np.abs(shares - weights / weights.sum()).max() < 0.01


def test_an_instance_is_what_its_kind_draws_alone_and_in_a_batch():
    mixture = MazeMixture(9, "test", TWO)
    batch = mixture.draw(range(40), threads=2)
    kinds = mixture.kinds_of(range(40))
    assert set(kinds) == {0, 1} and list(batch.instances) == list(range(40))
    for number in range(40):
        alone = mixture.tasks[kinds[number]].draw([number])
        for name, column in alone.columns().items():
            assert np.array_equal(column[0], getattr(batch, name)[number])
    assert len(mixture.draw([])) == 0


@pytest.mark.parametrize("split", SPLITS)
def test_every_split_has_all_kinds_and_right_solutions(split):
    mixture = MazeMixture(9, split)
    batch = mixture.draw(range(300))
    assert set(mixture.kinds_of(range(300))) == set(range(len(ANY_KIND)))
    assert mixture.judge(batch, batch.solutions)[0].all()
    unreachable = [kind.get("endpoints") == "unreachable" for kind in ANY_KIND]
    assert np.array_equal(
        batch.path_lengths == 0, np.array(unreachable)[mixture.kinds_of(range(300))]
    )


def test_no_maze_is_trained_on_and_validated_with_but_the_open_lattice():
    forms = [
        {walls_as_text(grid) for grid in MazeMixture(9, split).draw(range(4000)).grids}
        for split in ("train", "validation")
    ]
    open_lattice = MazeTask(9, "all", loops=1.0).draw([0]).grids[0]
    assert forms[0] & forms[1] == {walls_as_text(open_lattice)}


def test_changed_problems_are_of_their_kind():
    mixture = MazeMixture(9, "train", TWO)
    batch = mixture.draw(range(100))
    moved = mixture.perturb(batch, range(100, 200))
    assert (moved.grids != batch.grids).any(axis=(1, 2)).mean() > 0.9
    assert mixture.judge(moved, moved.solutions)[0].all()
    kinds = mixture.kinds_of(range(100))
    assert (moved.path_lengths[kinds == 1] == 2).all()
    alone = mixture.perturb(batch[50:51], [150])
    assert np.array_equal(alone.grids[0], moved.grids[50])


def test_the_options_restore_the_mixture_by_way_of_json():
    mixture = MazeMixture(13, "validation", TWO)
    assert mixture.options["size"] == 13 and mixture.options["split"] == "validation"
    again = MazeMixture(**json.loads(json.dumps(mixture.options)))
    assert again.options == mixture.options and again.version == mixture.version
    assert np.array_equal(again.draw(range(20)).grids, mixture.draw(range(20)).grids)
    assert mixture.label(mixture.options) == "13x13 of several kinds"
    assert mixture.shape == (15, 15)


def test_training_takes_the_mixture_where_it_is_asked_for():
    usual = MazeTask.training_options()
    assert usual.task(MazeTask, "train").options == MazeTask(9, wall_moves=16).options
    for split in ("train", "validation"):
        mixed = replace(usual, kinds="any").task(MazeTask, split)
        assert mixed.options == MazeMixture(9, split).options
    with pytest.raises(ValueError, match="--kinds any must come with no other option"):
        replace(usual, kinds="any", loops=0.1).task(MazeTask, "train")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kinds": []}, "kinds must be at least one, got none"),
        ({"kinds": [{"weight": 0}]}, "weight must be an integer"),
        ({"size": 8}, "size must be odd"),
        ({"split": "tests"}, "split must be one of"),
        ({"kinds": [{"split": "nowhere"}]}, "split must be one of"),
    ],
)
def test_wrong_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        MazeMixture(**options)
    with pytest.raises(TypeError, match="arguments of MazeTask must be among .*'lops'"):
        MazeMixture(kinds=[{"lops": 0.1}])
    with pytest.raises(ValueError, match="MazeMixture has no options"):
        MazeMixture.training_options()
