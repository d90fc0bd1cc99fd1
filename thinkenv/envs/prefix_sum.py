"""``PrefixSum-v0``: see a bit string, answer with its running parity."""

from gymnasium import spaces

from thinkenv.envs.base import InstanceEnv, InstanceVectorEnv
from thinkenv.envs.one_answer import OneAnswer
from thinkenv.prefix_sums.task import PrefixSumTask


class PrefixSumEnv(InstanceEnv):
    """See a bit string, answer with its running parity.

    ## Description
    A string of bits is given. The answer has a 1 at each position where the bits up to and
    including it have an odd sum: ``numpy.bitwise_xor.accumulate``. It is the prefix sum task of the
    "deep thinking" literature (Schwarzschild et al. 2021, arXiv 2106.04537; Bansal et al. 2022,
    arXiv 2202.05826): agents train on 32 bits and are tested on up to 512.

    ## Action Space
    ``MultiBinary(bits)``. Bools, integers and floats of 0 and 1 are accepted.

    ## Observation Space
    ``MultiBinary(bits)``: the string.

    ## Rewards
    ``reward="exact"``: 1.0 if all parities are right, else 0.0.

    ``reward="cells"``: the share of parities that are right, 0.0 to 1.0.

    ## Starting State
    A random instance of the split. ``reset(options={"instance": 17})`` shows instance 17: a pure
    function of the arguments and that number.

    ## Episode End
    One answer ends the episode (``terminated``).

    ## Information
    ``reset``: ``instance`` (int).
    ``step``: ``solved`` (bool), ``cell_accuracy`` (float), ``solution`` (``(bits,)`` uint8).

    ## Arguments
    | argument | values | default |
    |---|---|---|
    | ``bits`` | 8 to 100,000 | 32, and 512 for the split ``extrapolation`` |
    | ``split`` | ``train``, ``validation``, ``test``, ``extrapolation``, ``all`` | ``train`` |
    | ``reward`` | ``exact``, ``cells`` | ``exact`` |
    | ``render_mode`` | ``rgb_array``, ``ansi`` | None |

    No string is in two splits: see ``thinkenv.tasks.splits``. A wrong argument raises a
    ``ValueError`` or ``TypeError`` that names it.

    ## Rendering
    ``rgb_array`` draws the bits as squares, ones dark, and, once answered, the answer below them,
    ones blue and wrong ones orange. ``ansi`` returns the same as text.

    ## Vectorized environment
    ``gym.make_vec("PrefixSum-v0", num_envs=1024)`` draws and judges all strings in one call.

    ## Example
    >>> import gymnasium as gym, thinkenv
    >>> env = gym.make("PrefixSum-v0", bits=512, split="extrapolation")
    >>> observation, info = env.reset(seed=0)
    >>> _, reward, terminated, _, _ = env.step(thinkenv.prefix_sums.solve(observation))
    >>> reward, terminated
    (1.0, True)

    ## Version History
    * v0: first version.
    """

    def __init__(
        self,
        bits: int | None = None,
        split: str = "train",
        reward: str = "exact",
        render_mode: str | None = None,
    ):
        task = PrefixSumTask(bits, split)
        shown, answer = spaces.MultiBinary(task.bits), spaces.MultiBinary(task.bits)
        super().__init__(OneAnswer(task, shown, answer, reward), render_mode)


class PrefixSumVectorEnv(InstanceVectorEnv):
    """Many ``PrefixSum-v0`` at once: see ``PrefixSumEnv`` for the arguments."""

    single_env = PrefixSumEnv
