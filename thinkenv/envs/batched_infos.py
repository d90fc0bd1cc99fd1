"""Infos of some sub-environments, as Gymnasium's vector environments report them."""

from typing import Any

import numpy as np


def spread(infos: dict[str, np.ndarray], which: np.ndarray, num_envs: int) -> dict[str, Any]:
    """Infos of some sub-environments among those of all, beside a mask of whose they are.

    Args:
        infos: An array ``(n, …)`` for each key.
        which: ``(n,)`` the sub-environments' indices.
        num_envs: How many there are.

    Returns:
        For each key a new array ``(num_envs, …)``, and under ``_key`` a mask ``(num_envs,)``.
    """
    everything: dict[str, Any] = {}
    for key, values in infos.items():
        mask = np.zeros(num_envs, np.bool_)
        mask[which] = True
        filler = None if values.dtype == object else 0
        everything[key] = np.full((num_envs, *values.shape[1:]), filler, values.dtype)
        everything[key][which] = values
        everything[f"_{key}"] = mask
    return everything


def merge(infos: dict[str, Any], others: dict[str, Any]) -> None:
    """Add to ``infos`` those of other sub-environments, both as ``spread`` gives them."""
    for key in [key for key in others if f"_{key}" in others]:
        mask = others[f"_{key}"]
        if key in infos:
            infos[key][mask] = others[key][mask]
            infos[f"_{key}"] |= mask
        else:
            infos[key], infos[f"_{key}"] = others[key], mask
