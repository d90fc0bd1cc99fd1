"""``PrefixSum-v0``: what is particular about it."""

import gymnasium as gym
import numpy as np
import pytest

import thinkenv
from thinkenv.prefix_sums import drawing


@pytest.mark.parametrize("reward", ["exact", "cells"])
def test_rewards(reward):
    env = gym.make("PrefixSum-v0", bits=40, reward=reward)
    bits, info = env.reset(options={"instance": 17})
    assert np.array_equal(bits, thinkenv.prefix_sums.generate(40, instances=[17]).bits[0])
    assert info == {"instance": 17}
    answer = np.cumsum(bits) % 2
    answer[7] ^= 1
    _, earned, terminated, truncated, info = env.step(answer)
    assert earned == (0.0 if reward == "exact" else 39 / 40)
    assert (terminated, truncated, info["solved"]) == (True, False, False)
    assert np.array_equal(info["solution"], np.cumsum(bits) % 2)


def test_a_vector_of_right_answers():
    envs = gym.make_vec("PrefixSum-v0", num_envs=50)
    bits, _ = envs.reset(seed=0)
    _, rewards, terminated, _, _ = envs.step(np.cumsum(bits, axis=1) % 2)
    assert rewards.tolist() == [1.0] * 50 and terminated.all()


def test_text_marks_what_is_wrong():
    bits, answer = np.array([1, 0, 1, 1]), np.array([1, 1, 1, 1])
    assert drawing.write_text(bits, None, None) == "1011\n"
    assert drawing.write_text(bits, answer, np.array([1, 1, 0, 1])) == "1011\n1111\n  ^\n"


def test_pictures_mark_ones_and_what_is_wrong():
    bits, answer = np.array([1, 0, 1, 1]), np.array([1, 1, 1, 0])
    side = drawing.PIXELS_PER_BIT
    squares = drawing.render(bits, answer, np.array([1, 1, 0, 1]))[::side, ::side]
    assert squares.shape == (3, 4, 3)
    ink = {drawing.ONE_COLOUR: 1, drawing.ZERO_COLOUR: 0}
    assert [ink[tuple(square)] for square in squares[0].tolist()] == [1, 0, 1, 1]
    wrong = [tuple(square) == drawing.WRONG_COLOUR for square in squares[1].tolist()]
    assert wrong == [False, False, True, True]
