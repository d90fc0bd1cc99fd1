"""Infos of some sub-environments, as Gymnasium's vector environments report them."""

from typing import Any

import numpy as np


def add_infos(
    infos: dict[str, Any], others: dict[str, np.ndarray], which: np.ndarray, num_envs: int
) -> None:
    """Add infos of some sub-environments to those of all, beside a mask of whose they are.

    Args:
        infos: For each key an array ``(num_envs, …)``, and under ``_key`` a mask ``(num_envs,)``;
            changed. Keys that are not there yet get new arrays.
        others: What to add: an array ``(n, …)`` for each key.
        which: ``(n,)`` the sub-environments' indices.
        num_envs: How many there are.
    """
    for key, values in others.items():
        if key not in infos:
            filler = None if values.dtype == object else 0
            infos[key] = np.full((num_envs, *values.shape[1:]), filler, values.dtype)
            infos[f"_{key}"] = np.zeros(num_envs, np.bool_)
        infos[key][which] = values
        infos[f"_{key}"][which] = True
