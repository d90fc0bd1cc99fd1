"""Agents as people share models: ``save_pretrained``, ``from_pretrained`` and ``push_to_hub``.

Where ``huggingface_hub`` is installed these are of its ``ModelHubMixin``; folders work without it.
An agent is the same files everywhere: ``agent.json``, ``weights.safetensors`` and its model card,
``README.md``. Nothing in them is run as code.
"""

import os
import re
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from thinkenv.deep_thinking.model_card import CARD

if TYPE_CHECKING:
    from thinkenv.deep_thinking.agent import Agent

INSTALL = "install huggingface_hub: pip install huggingface_hub"
# A name on a hub, with or without its owner; anything else can only be a folder.
REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")


class FoldersAlone(ABC):
    """What ``ModelHubMixin`` gives where ``huggingface_hub`` is not installed."""

    def save_pretrained(self, save_directory: str | Path) -> None:
        """Write the agent with its model card into a folder, which is made if it is missing."""
        self._save_pretrained(Path(save_directory))

    def push_to_hub(self, repo_id: str, **options: Any) -> str:
        """Upload the agent to a repository.

        Raises:
            ImportError: Always: the library that does so is not installed.
        """
        raise ImportError(f"{repo_id}: to upload an agent, {INSTALL}")

    @abstractmethod
    def _save_pretrained(self, save_directory: Path) -> None:
        """What writes the folder, in the agent; the same hook as that of ``ModelHubMixin``."""


try:
    from huggingface_hub import ModelHubMixin
except ImportError:
    ModelHubMixin = FoldersAlone  # type: ignore[assignment,misc]


class Shareable(ModelHubMixin):
    """Base of ``Agent``: how it is written to a folder or a hub, and read from there."""

    def __new__(cls, *args: Any, **options: Any) -> Self:
        """An agent as any class makes its objects.

        The mixin would also note the arguments for a ``config.json``, but ``agent.json`` tells all.
        """
        return object.__new__(cls)

    @classmethod
    def from_pretrained(  # type: ignore[override]
        cls,
        pretrained_model_name_or_path: str | Path,
        *,
        force_download: bool = False,
        token: str | bool | None = None,
        cache_dir: str | Path | None = None,
        local_files_only: bool = False,
        revision: str | None = None,
        **options: Any,
    ) -> "Agent[Any]":
        """Load an agent from a folder, from this package, or from a repository on a hub.

        Args:
            pretrained_model_name_or_path: A folder, the name of an agent that comes with this
                package, or a repository as ``owner/name``, which needs ``huggingface_hub``.
            force_download: Whether to download what was downloaded before.
            token: What lets you read a private repository.
            cache_dir: Where downloads are kept.
            local_files_only: Whether to take only what was downloaded before.
            revision: A branch, tag or commit of the repository.
            **options: As of ``load_agent``: ``device``, ``task``, ``architecture`` and
                ``acceleration``.

        Raises:
            CheckpointError: If there is no such agent, it cannot be downloaded, or its files are
                missing or damaged.
            ImportError: If it can only be a repository, and ``huggingface_hub`` is not installed.
        """
        from thinkenv.deep_thinking import checkpoint  # which knows the class Agent

        name = folder = pretrained_model_name_or_path
        try:
            checkpoint.find_agent(name)
        except checkpoint.CheckpointError:
            if os.path.lexists(name) or not (isinstance(name, str) and REPOSITORY.fullmatch(name)):
                raise
            folder = download(
                name,
                force_download=force_download,
                token=token,
                cache_dir=cache_dir,
                local_files_only=local_files_only,
                revision=revision,
            )
        agent = checkpoint.load_agent(folder, **options)
        if folder != name:
            agent.description["name"] = name
        return agent


def download(repository: str, **options: Any) -> Path:
    """The folder of an agent that was downloaded from a repository.

    Args:
        repository: Its name on the hub.
        **options: As of ``huggingface_hub.snapshot_download``.

    Raises:
        CheckpointError: If it cannot be downloaded.
        ImportError: If ``huggingface_hub`` is not installed.
    """
    from thinkenv.deep_thinking import checkpoint

    try:
        from huggingface_hub import snapshot_download
    except ImportError:
        raise ImportError(
            f"{repository}: there is no such folder; to load an agent from a hub, {INSTALL}"
        ) from None
    files = [checkpoint.DESCRIPTION, checkpoint.WEIGHTS, CARD]
    try:
        return Path(snapshot_download(repository, allow_patterns=files, **options))
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise checkpoint.CheckpointError(
            f"{repository}: there is no such folder, and no agent can be loaded from a hub "
            f"({reason:.300})"
        ) from error
