"""What an architecture is: a memory is started, stepped as often as one likes, and decoded.

A net of yours is one file with one class: see ``docs/add_an_architecture.md``.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Generic

from torch import Tensor, nn

from thinkenv.deep_thinking.codecs.base import AnyCodec, Interface
from thinkenv.deep_thinking.rollout.acceleration import iterate
from thinkenv.deep_thinking.rollout.memories import SomeMemory
from thinkenv.deep_thinking.rollout.stepper import EveryCell, Stepper
from thinkenv.tasks.base import AnyTask

if TYPE_CHECKING:
    from thinkenv.deep_thinking.training.trainer import Trainer


@dataclass(frozen=True)
class Settings:
    """Base of the settings of an architecture: frozen dataclasses with a default for each field.

    The fields become options of ``train_dt.py``, and are stored in ``agent.json``.
    """


class Architecture(nn.Module, ABC, Generic[SomeMemory]):
    """A net that thinks.

    ``memory = net.start(inputs)`` and ``injected = net.inject(inputs)``, then ``memory =
    net.step(memory, injected)`` as often as one likes, then ``logits = net.decode(memory)``. A
    memory is a tensor, or several by name (``rollout.memories``): boards, tokens, graphs; the first
    dimension of each counts the problems.

    A subclass is built from its settings and the interface of a task: ``Net(settings,
    interface)``.

    Attributes:
        name: What it is called on the command line and in ``agent.json``.
        recurrent: Whether more steps can change anything.
        settings_type: The dataclass of its settings, whose fields are options of ``train_dt.py``.
        codec: How it reads problems, where the task's own codec is not what it needs.
        recall: Whether the problem is fed to every iteration, so that a memory can be of another.
        cells_worth: How many cells of a convolutional net take as much space as one of this net,
            so that as much is computed at a time as fits the processor's caches.
        unbounded: The names of those tensors of its memory whose numbers are counts, of any size.
            In training they get no noise, and random ones are at most those of the first memory.
        settings: Its settings.
        interface: What it sees and answers.
    """

    name: ClassVar[str]
    recurrent: ClassVar[bool] = True
    settings_type: ClassVar[type[Settings]]
    codec: ClassVar[type[AnyCodec] | None] = None
    recall: bool = True
    cells_worth: ClassVar[int] = 1
    unbounded: ClassVar[frozenset[str]] = frozenset()
    settings: Settings
    interface: Interface

    @abstractmethod
    def __init__(self, settings: Settings, interface: Interface):
        super().__init__()
        self.settings = settings
        self.interface = interface

    @classmethod
    def settings_for(cls, task: type[AnyTask]) -> Settings:
        """The settings with which a net for a task is trained unless something else is said."""
        return cls.settings_type()

    @classmethod
    def plan_changes(cls, task: type[AnyTask]) -> Mapping[str, Any]:
        """What is trained otherwise than the task's plan says, by the names of ``Plan``."""
        return {}

    @classmethod
    def trainer(cls) -> "type[Trainer]":
        """What trains nets of this kind."""
        from thinkenv.deep_thinking.training.trainer import Trainer  # which knows architectures

        return Trainer

    @abstractmethod
    def start(self, inputs: Tensor) -> SomeMemory:
        """The memory before the first iteration, of inputs ``(B, I, H, W)``."""

    @abstractmethod
    def inject(self, inputs: Tensor) -> Any:
        """What problems contribute to every iteration, computed once: of any form a memory has."""

    @abstractmethod
    def step(self, memory: SomeMemory, injected: Any) -> SomeMemory:
        """One iteration."""

    @abstractmethod
    def decode(self, memory: SomeMemory) -> Tensor:
        """The logits ``(B, K, H, W)`` that a memory holds."""

    def stepper(
        self, injected: Any, memory: SomeMemory, everywhere: bool = False
    ) -> Stepper[SomeMemory]:
        """What runs iterations: all of the memory, unless an architecture knows a faster way.

        Args:
            injected: ``(B, …)``.
            memory: ``(B, …)`` to start from; not changed.
            everywhere: Compute all of the memory in every iteration in any case.
        """
        return EveryCell(partial(iterate, self.step), injected, memory)


AnyArchitecture = Architecture[Any]


def count_parameters(net: nn.Module) -> int:
    """The number of trained numbers in a net."""
    return sum(parameter.numel() for parameter in net.parameters())
