"""What every registered environment owes Gymnasium, whatever its task."""

import inspect
import json
import pickle
import warnings

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils.env_checker import check_env, data_equivalence
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers.vector import RecordEpisodeStatistics

import thinkenv

ENVIRONMENTS = [
    ("Maze-v0", {}),
    ("Maze-v0", {"observation": "rgb"}),
    ("Maze-v0", {"size": 33, "split": "test", "reward": "cells", "endpoints": "dead_ends"}),
    ("Maze-v0", {"size": 7, "split": "all", "loops": 0.3}),
    ("Maze-v0", {"size": 5, "observation": "planes", "new_endpoints": True}),
    ("Maze-v0", {"generator": "percolation", "removed": 0.4, "endpoints": "unreachable"}),
    ("Maze-v0", {"generator": "plazas", "endpoints": "adjacent", "split": "test"}),
    ("MazeWalk-v0", {"size": 5}),
    ("MazeWalk-v0", {"size": 5, "generator": "caves", "endpoints": "free_cells"}),
    ("MazeWalk-v0", {"size": 5, "observation": "rgb", "pixels": 4, "generator": "wilson"}),
    ("PrefixSum-v0", {}),
    ("PrefixSum-v0", {"bits": 200, "split": "test", "reward": "cells"}),
    ("ChessPuzzle-v0", {}),
    ("ChessPuzzle-v0", {"split": "extrapolation", "answer": "first_move"}),
    ("ChessPuzzle-v0", {"rating": [900, 1400], "themes": ["mateIn1"], "answer": "squares"}),
]
IDS = [f"{name}-{'-'.join(map(str, options.values()))}" for name, options in ENVIRONMENTS]
MASKED = [
    ("MazeWalk-v0", {"size": 5}),
    ("ChessPuzzle-v0", {}),
    ("ChessPuzzle-v0", {"answer": "first_move"}),
]
every_environment = pytest.mark.parametrize(("name", "options"), ENVIRONMENTS, ids=IDS)


def test_the_list_above_names_every_registered_environment():
    ours = {
        spec.id for spec in gym.registry.values() if str(spec.entry_point).startswith("thinkenv.")
    }
    assert ours == {name for name, _ in ENVIRONMENTS}


@every_environment
def test_passes_the_checker_of_gymnasium_without_a_warning(name, options):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        env = gym.make(name, **options)
        check_env(env.unwrapped)
        env.close()


@every_environment
def test_same_seed_gives_the_same_episodes(name, options):
    first, second = gym.make(name, **options), gym.make(name, **options)
    for seed in (7, None, None):
        assert data_equivalence(first.reset(seed=seed), second.reset(seed=seed), exact=True)
        action = first.action_space.sample()
        assert data_equivalence(first.step(action), second.step(action), exact=True)


@every_environment
def test_spec_survives_json(name, options):
    env = gym.make(name, **options)
    restored = gym.make(EnvSpec.from_json(env.spec.to_json()))
    assert json.loads(env.spec.to_json())["kwargs"] == options
    assert data_equivalence(env.reset(seed=3), restored.reset(seed=3), exact=True)


@every_environment
def test_survives_pickling_in_the_middle_of_an_episode(name, options):
    env = gym.make(name, **options)
    env.reset(seed=3)
    copy = pickle.loads(pickle.dumps(env))
    action = env.action_space.sample()
    assert data_equivalence(env.step(action), copy.step(action), exact=True)
    assert data_equivalence(env.reset(), copy.reset(), exact=True)


@every_environment
@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_vector_environment_equals_single_ones_in_a_row(name, options, mode):
    num_envs, steps = 4, 300  # more episodes than the vector environment draws numbers ahead
    ours = gym.make_vec(name, num_envs=num_envs, autoreset_mode=mode, **options)
    theirs = SyncVectorEnv([lambda: gym.make(name, **options)] * num_envs, autoreset_mode=mode)
    assert ours.observation_space == theirs.observation_space
    assert ours.action_space == theirs.action_space
    assert data_equivalence(ours.reset(seed=5), theirs.reset(seed=5), exact=True)
    ours.action_space.seed(0)
    our_result = None
    for step in range(steps):
        if mode == AutoresetMode.DISABLED and step > 0:
            ended = our_result[2] | our_result[3]
            if ended.any():
                our_reset = ours.reset(options={"reset_mask": ended.copy()})
                their_reset = theirs.reset(options={"reset_mask": ended.copy()})
                assert data_equivalence(our_reset, their_reset, exact=True)
        actions = ours.action_space.sample()
        if step % 2 and actions.ndim > 1:  # right answers too, not only random ones
            actions = ours.unwrapped.dynamics.batch.solutions.astype(actions.dtype)
        our_result, their_result = ours.step(actions), theirs.step(actions)
        assert data_equivalence(our_result, their_result, exact=True)


@every_environment
def test_actions_in_place_of_finished_episodes_are_ignored(name, options):
    envs = gym.make_vec(name, num_envs=3, autoreset_mode=AutoresetMode.NEXT_STEP, **options)
    envs.reset(seed=1)
    actions = envs.action_space.sample()
    finished = np.zeros(3, bool)
    for _ in range(200):
        if finished.any():
            break
        _, _, terminated, truncated, _ = envs.step(actions)
        finished = terminated | truncated
    assert finished.any()
    actions[finished] = 99 if actions.dtype == np.int8 else 99_999
    _, rewards, terminated, truncated, _ = envs.step(actions)
    assert not rewards[finished].any() and not (terminated | truncated)[finished].any()


@every_environment
def test_more_environments_than_memory_are_refused(name, options):
    with pytest.raises(ValueError, match="num_envs=2,147,483,647 problems need"):
        gym.make_vec(name, num_envs=2**31 - 1, **options)


@every_environment
def test_vector_environment_resets_only_what_the_mask_names(name, options):
    ours = gym.make_vec(name, num_envs=3, autoreset_mode=AutoresetMode.DISABLED, **options)
    theirs = SyncVectorEnv(
        [lambda: gym.make(name, **options)] * 3, autoreset_mode=AutoresetMode.DISABLED
    )
    ours.reset(seed=1)
    theirs.reset(seed=1)
    mask = np.array([True, False, True])
    actions = ours.action_space.sample()
    one_step = ours.step(actions)[2].all()
    theirs.step(actions)
    our_result = ours.reset(options={"reset_mask": mask})
    assert data_equivalence(our_result, theirs.reset(options={"reset_mask": mask}), exact=True)
    if one_step:
        with pytest.raises(gym.error.ResetNeeded):
            ours.step(actions)  # the second one was not reset


@every_environment
def test_results_of_earlier_calls_stay_as_they_were(name, options):
    env = gym.make_vec(name, num_envs=2, **options)
    observations, infos = env.reset(seed=0)
    before = observations.copy(), {key: value.copy() for key, value in infos.items()}
    for _ in range(3):
        env.step(env.action_space.sample())
    assert data_equivalence((observations, infos), before, exact=True)


@every_environment
@pytest.mark.parametrize("mode", ["rgb_array", "ansi"])
def test_renders_before_and_after_the_answer(name, options, mode):
    env = gym.make(name, render_mode=mode, **options)
    _, info = env.reset(seed=0)
    asked = env.render()
    env.step(env.action_space.sample(info.get("action_mask")))
    answered = env.render()
    if mode == "ansi":
        assert isinstance(asked, str) and asked != answered
    else:
        assert asked.dtype == np.uint8 and asked.ndim == 3 and asked.shape[2] == 3
        assert asked.shape == answered.shape and not np.array_equal(asked, answered)


def some_actions(envs, random: np.random.Generator) -> np.ndarray:
    """Allowed actions of a vector, or any answers."""
    if not isinstance(envs.single_action_space, gym.spaces.Discrete):
        return envs.action_space.sample()
    return np.array([random.choice(np.flatnonzero(mask)) for mask in envs.action_masks()])


@every_environment
@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_a_step_limit_means_the_same_in_a_vector_as_in_single_environments(name, options, mode):
    one_answer = not (name == "MazeWalk-v0" or options == {} and name == "ChessPuzzle-v0")
    limited = options | {"max_episode_steps": 1 if one_answer else 2}
    ours = gym.make_vec(name, num_envs=3, autoreset_mode=mode, **limited)
    theirs = SyncVectorEnv([lambda: gym.make(name, **limited)] * 3, autoreset_mode=mode)
    assert data_equivalence(ours.reset(seed=2), theirs.reset(seed=2), exact=True)
    random = np.random.default_rng(0)
    truncations = 0
    for _ in range(12):
        actions = some_actions(ours, random)
        ours_now, theirs_now = ours.step(actions), theirs.step(actions)
        assert data_equivalence(ours_now, theirs_now, exact=True)
        ended = ours_now[2] | ours_now[3]
        truncations += ours_now[3].sum()
        if mode == AutoresetMode.DISABLED and ended.any():
            ours_now = ours.reset(options={"reset_mask": ended.copy()})
            theirs_now = theirs.reset(options={"reset_mask": ended.copy()})
            assert data_equivalence(ours_now, theirs_now, exact=True)
    assert truncations > 0


def test_a_line_is_cut_off_after_a_right_move():
    options = {"themes": ["mateIn2"], "split": "all"}
    puzzles = thinkenv.chess_puzzles.load(**options)
    move, is_black = puzzles.solution(0)[0], " b " in puzzles.fen(0)
    shown = move.translate(str.maketrans("12345678", "87654321")) if is_black else move
    envs = gym.make_vec("ChessPuzzle-v0", num_envs=2, max_episode_steps=1, **options)
    envs.reset(options={"instance": 0})
    actions = np.full(2, thinkenv.chess_puzzles.MOVES.index(shown))
    _, _, terminated, truncated, infos = envs.step(actions)
    assert truncated.all() and not terminated.any()
    # The position goes on, and its mask is for whoever asks what it is worth.
    assert np.array_equal(envs.action_masks(), infos["action_mask"] == 1)
    assert not infos["action_mask"].all()


@pytest.mark.parametrize("limit", [0, -2, 2.5, "3", True, [3], np.array([1, 2])])
def test_a_wrong_step_limit_is_named(limit):
    with pytest.raises((ValueError, TypeError), match="max_episode_steps must be"):
        gym.make_vec("MazeWalk-v0", num_envs=2, size=5, max_episode_steps=limit)


def test_minus_one_is_no_step_limit():
    envs = gym.make_vec("MazeWalk-v0", num_envs=1, size=5, max_episode_steps=-1)
    _, infos = envs.reset(seed=0)
    blocked = infos["action_mask"].argmin(axis=1)
    truncated = [bool(envs.step(blocked)[3][0]) for _ in range(36)]
    assert truncated == [False] * 35 + [True]  # its own limit: (size + 1)**2


@pytest.mark.parametrize("mode", list(AutoresetMode))
@pytest.mark.parametrize(("name", "options"), MASKED)
def test_masks_are_never_empty_and_belong_to_what_is_shown(name, options, mode):
    envs = gym.make_vec(name, num_envs=4, autoreset_mode=mode, **options)
    _, infos = envs.reset(seed=0)
    random = np.random.default_rng(0)
    ends = 0
    for _ in range(60):
        masks = envs.action_masks()
        assert masks.dtype == bool and masks.any(axis=1).all()
        assert np.array_equal(
            masks[infos["_action_mask"]], infos["action_mask"][infos["_action_mask"]] == 1
        )
        _, _, terminated, truncated, infos = envs.step(some_actions(envs, random))
        assert infos["_action_mask"].all()
        ends += terminated.sum()
        if mode == AutoresetMode.SAME_STEP:
            if terminated.any():
                assert infos["final_info"]["action_mask"][terminated].all()
        else:
            assert infos["action_mask"][terminated].all()
        over = terminated | truncated
        if mode == AutoresetMode.DISABLED and over.any():
            _, infos = envs.reset(options={"reset_mask": over.tolist()})
            assert np.array_equal(infos["_action_mask"], over)
    assert ends > 0


@pytest.mark.parametrize(("name", "options"), MASKED)
def test_masks_of_a_single_environment_are_those_in_its_infos(name, options):
    env = gym.make(name, **options)
    masks_of = env.action_masks
    assert env.get_wrapper_attr("action_masks") == masks_of  # as MaskablePPO finds it
    with pytest.raises(gym.error.ResetNeeded):
        masks_of()
    _, info = env.reset(seed=0)
    over = False
    while not over:
        assert np.array_equal(masks_of(), info["action_mask"] == 1)
        assert masks_of().dtype == bool and masks_of().any() and not masks_of().all()
        action = np.flatnonzero(info["action_mask"])[-1]
        _, _, terminated, truncated, info = env.step(action)
        over = terminated or truncated
    assert info["action_mask"].all() == masks_of().all() == terminated


def test_answers_have_masks_that_allow_everything():
    env = gym.make("Maze-v0", size=5)
    env.reset(seed=0)
    masks = env.unwrapped.action_masks()  # MaskablePPO asks for two entries for each cell
    assert masks.shape == (2 * 49,) and masks.all()
    envs = gym.make_vec("PrefixSum-v0", num_envs=3, bits=8)
    envs.reset(seed=0)
    assert envs.action_masks().shape == (3, 16) and envs.action_masks().all()


@every_environment
def test_taken_is_what_the_action_space_contains_and_nothing_else(name, options):
    env = gym.make(name, disable_env_checker=True, **options)
    env.action_space.seed(0)
    space, some = env.action_space, np.asarray(env.action_space.sample())
    kinds = ("bool", "int8", "uint8", "int64", "uint64", "float32", "float64", "complex", object)
    candidates = [some.astype(kind) for kind in (*kinds, str)]
    candidates += [some.tolist(), some.astype(float).tolist(), some[None], some[None].tolist()]
    candidates += [
        some * 0.5 + 0.25,
        -some - 1,
        np.add(some, 5000, dtype=int),
        np.full(some.shape, np.nan),
    ]
    candidates += [None, "1", "", b"", {}, [], (), [[1], [1, 2]], 1.0, True, np.True_, 10**30]
    candidates += [np.int32(1), np.uint8(1), np.array(1), np.float64(1), np.empty(some.shape, "O")]
    taken = 0
    for action in candidates:
        try:
            is_member = space.contains(action)
        except ValueError:  # NumPy makes no array of unequal lists
            is_member = False
        env.reset(options={"instance": 5})
        try:
            env.step(action)
        except (ValueError, TypeError) as error:
            assert not is_member and "action" in str(error), f"{action!r}: {error}"
        else:
            assert is_member, f"{action!r} was taken"
            taken += 1
    assert taken > 3


@every_environment
def test_a_vector_takes_members_of_its_space_of_every_kind(name, options):
    envs = gym.make_vec(name, num_envs=2, **options)
    envs.reset(seed=0)
    actions = envs.action_space.sample()
    kinds = [np.int8, np.uint8, np.int64, np.float32, object]
    if isinstance(envs.single_action_space, gym.spaces.Discrete):
        kinds = [np.int16, np.uint16, np.int64]
    for given in [*(actions.astype(kind) for kind in kinds), actions.tolist(), list(actions)]:
        envs.reset(seed=0)
        result = envs.step(given)
        envs.reset(seed=0)
        assert data_equivalence(result, envs.step(actions), exact=True)
    for wrong in (
        actions * 0.5 + 0.25,
        actions.astype(str),
        actions[:1],
        actions[0],
        None,
        [[1], 2],
    ):
        with pytest.raises((ValueError, TypeError), match="action must"):
            envs.step(wrong)


@every_environment
def test_each_problem_of_a_vector_can_be_asked_for(name, options):
    envs = gym.make_vec(name, num_envs=3, **options)
    numbers = [5, 6, 7]
    for given in (numbers, tuple(numbers), np.array(numbers), np.array(numbers, np.uint8)):
        asked = {"instance": given}
        _, infos = envs.reset(seed=0, options=asked)
        assert infos["instance"].tolist() == numbers
        assert list(asked) == ["instance"] and asked["instance"] is given
    assert envs.reset(options={"instance": 9})[1]["instance"].tolist() == [9, 9, 9]
    mask = np.array([True, False, True])
    asked = {"instance": [1, 2, 3], "reset_mask": mask}
    envs.reset(options=asked)
    assert envs.dynamics.batch.instances.tolist() == [1, 9, 3]
    assert set(asked) == {"instance", "reset_mask"} and asked["reset_mask"] is mask
    # Numbers that were asked for take none from the random generators.
    if "new_endpoints" not in options:
        envs.reset(seed=4, options={"instance": numbers})
        other = gym.make_vec(name, num_envs=3, **options)
        assert data_equivalence(envs.reset(), other.reset(seed=4), exact=True)


@pytest.mark.parametrize(
    "wrong", [[5, 6], [5, 6, 7, 8], [5, -1, 7], [5, 6.5, 7], [], [5, None, 7], [[5, 6, 7]], "567"]
)
def test_wrong_numbers_of_problems_are_named(wrong):
    envs = gym.make_vec("PrefixSum-v0", num_envs=3, bits=8)
    envs.reset(seed=0)
    before = envs.dynamics.batch.bits.copy()
    with pytest.raises((ValueError, TypeError), match="options\\['instance'\\] must"):
        envs.reset(seed=1, options={"instance": wrong})
    assert np.array_equal(before, envs.dynamics.batch.bits)


@pytest.mark.parametrize("name", sorted({name for name, _ in ENVIRONMENTS}))
def test_a_misspelt_argument_is_named_with_the_right_one(name):
    single = type(gym.make(name).unwrapped)
    arguments = list(inspect.signature(single).parameters)
    assert "render_mode" in arguments
    for right in arguments:
        wrong = right[:1] + right[2:]
        with pytest.raises(TypeError, match=f"got '{wrong}'; did you mean '{right}'"):
            gym.make(name, **{wrong: 9})
    for right in (*arguments, "autoreset_mode", "max_episode_steps"):
        wrong = right[:1] + right[2:]
        with pytest.raises(TypeError, match=f"got '{wrong}'; did you mean '{right}'"):
            gym.make_vec(name, num_envs=2, **{wrong: 9})


def test_a_misspelt_option_or_value_is_named_with_the_right_one():
    with pytest.raises(ValueError, match="did you mean 'instance'"):
        gym.make("PrefixSum-v0").reset(options={"instanc": 3})
    with pytest.raises(ValueError, match="did you mean 'reset_mask'"):
        gym.make_vec("PrefixSum-v0").reset(options={"reset_masks": 3})
    with pytest.raises(ValueError, match="did you mean 'SameStep'"):
        gym.make_vec("PrefixSum-v0", autoreset_mode="SAME_STEP")
    with pytest.raises(ValueError, match="did you mean 'wilson'"):
        gym.make("Maze-v0", generator="wilsn")


@pytest.mark.parametrize("mode", ["SameStep", AutoresetMode.NEXT_STEP])
def test_the_spec_of_a_vector_survives_json(mode):
    options = {"size": 5, "autoreset_mode": mode, "max_episode_steps": 4}
    envs = gym.make_vec("MazeWalk-v0", num_envs=2, **options)
    restored = gym.make_vec(EnvSpec.from_json(envs.spec.to_json()))
    assert restored.num_envs == 2 and restored.autoreset_mode == envs.autoreset_mode
    assert data_equivalence(envs.reset(seed=3), restored.reset(seed=3), exact=True)
    for _ in range(4):
        result = restored.step(np.zeros(2, int))
    assert result[3].any()


@pytest.mark.parametrize("mode", ["SameStep", "NextStep"])
def test_statistics_of_gymnasium_count_every_episode(mode):
    envs = gym.make_vec("PrefixSum-v0", num_envs=3, bits=8, autoreset_mode=mode)
    envs = RecordEpisodeStatistics(envs)
    bits, _ = envs.reset(seed=0)
    for _ in range(10):
        bits = envs.step(np.bitwise_xor.accumulate(bits, axis=1))[0]
    assert len(envs.return_queue) == (30 if mode == "SameStep" else 15)
    assert set(envs.return_queue) == {1.0} and set(envs.length_queue) == {1}


def test_works_without_import_by_its_qualified_name():
    assert gym.make("thinkenv:Maze-v0", size=5).reset(seed=0)[0].shape == (7, 7)
