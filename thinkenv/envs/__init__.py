"""The environments, one file each.

## For all of them
### Actions
What ``action_space.contains`` accepts is taken, and nothing else. Answers (``MultiBinary``) are
arrays or nested lists of 0 and 1 as bools, integers, floats or objects; moves (``Discrete``) are
integers. A vector environment takes an array, or what becomes one, of such actions, one for each
sub-environment. Everything else raises a ``ValueError`` or ``TypeError`` that says what is wrong,
and nothing has happened.

### Masks
Where not every move is allowed in every state (``MazeWalk-v0``, and ``ChessPuzzle-v0`` with
``answer="line"`` or ``"first_move"``), the info of every reset and step has an ``action_mask``,
``(actions,)`` int8, 1 for the allowed ones. One rule for single and vector environments: the mask
belongs to the state that is shown, and it is never empty.

* Beside the last step of an episode that has come to its end (``terminated``) all actions are
  allowed, because whatever is chosen is ignored: in ``NEXT_STEP`` mode by the call that shows the
  next problem.
* Beside the last step of an episode that was cut off (``truncated``) it is the mask of the state
  reached, whose value a learner may ask for.
* In ``SAME_STEP`` mode it is that of the next problem, which is already shown, and
  ``final_info`` has that of the end.
* A reset of some sub-environments (``reset_mask``) has infos of these alone, as Gymnasium has it:
  the rows of others are 0. ``action_masks()`` has them all.

``env.action_masks()`` gives the same masks as bool, also of vector environments: the method that
MaskablePPO looks for. Gymnasium's wrappers do not pass it on: behind them it is
``env.unwrapped.action_masks()`` or ``env.get_wrapper_attr("action_masks")()``. Where answers are
given everything is allowed. ``thinkenv.wrappers.MaskInObservation`` puts the mask into the
observation, where RLlib, Tianshou and others look for it, and
``thinkenv.wrappers.VectorMaskInObservation`` does so for vector environments.

>>> import gymnasium as gym, thinkenv
>>> envs = gym.make_vec("MazeWalk-v0", num_envs=2, size=5)
>>> _, infos = envs.reset(seed=0)
>>> infos["action_mask"].shape, envs.action_masks().any(axis=1)
((2, 4), array([ True,  True]))

### Options of reset
``reset(options={"instance": 17})`` shows problem 17. A vector environment takes one number for all
of its problems, or a list, tuple or array with one for each: ``{"instance": [5, 6, 7]}``.
``{"reset_mask": mask}``, ``(num_envs,)`` bool, resets some of its sub-environments; values for the
others are passed over. Mazes have the option ``size``. The caller's dict stays as it is. The
numbers of problems that nobody asks for come from ``np_random``, and those asked for take none of
them.

### Autoreset
A vector environment takes ``autoreset_mode``, a member of ``gymnasium.vector.AutoresetMode`` or its
value. It says what happens where an episode is over:

| mode | value | the step that ends an episode | the next call |
|---|---|---|---|
| ``SAME_STEP`` | ``"SameStep"`` | shows the next problem | is a step like any other |
| ``NEXT_STEP`` | ``"NextStep"`` | shows the end | ignores the action, shows the next problem |
| ``DISABLED`` | ``"Disabled"`` | shows the end | must be ``reset``, with a ``reset_mask`` |

In ``SAME_STEP`` mode the last observation and info are in ``final_obs`` and ``final_info``; in
``NEXT_STEP`` mode the reward of the call that shows the next problem is 0.

Without the argument it is ``SAME_STEP`` where one answer ends an episode, so that no call is
wasted, and else Gymnasium's own, ``NEXT_STEP``. Observations, rewards and infos equal those of
``SyncVectorEnv`` over the same seeds in the same mode.

### Limits of steps
``max_episode_steps=100`` means the same in ``make_vec`` as in ``make``: an episode is ``truncated``
in its 100th step, also where it comes to its end in that step. -1 is no limit; a limit of the
environment's own stays.
"""
