"""Shared by all tests: environments are registered, and fuzzing has its profiles."""

import signal

from hypothesis import HealthCheck, settings

import thinkenv  # noqa: F401  (registers the environments)

# Kernels are compiled in the first examples, so none has a deadline.
_FUZZING = dict(deadline=None, suppress_health_check=list(HealthCheck), database=None)
settings.register_profile("default", max_examples=300, derandomize=True, **_FUZZING)
settings.register_profile("thorough", max_examples=20_000, **_FUZZING)
settings.load_profile("default")

# A shell starts what runs in its background with Ctrl-C ignored, and so would every script that a
# test starts and stops with it.
signal.signal(signal.SIGINT, signal.default_int_handler)
