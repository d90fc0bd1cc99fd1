"""Shared by all tests: environments are registered, and kernels compiled from today's sources."""

import hashlib
import os
import tempfile
from pathlib import Path

# Numba's cache notices a change of a kernel's own file, but not of the kernels it calls in other
# files. So that no test runs old code, the cache's place depends on all the sources.
_sources = sorted(Path(__file__).resolve().parents[1].glob("thinkenv/**/*.py"))
_digest = hashlib.sha256(b"".join(path.read_bytes() for path in _sources)).hexdigest()[:16]
_caches = Path(os.environ.get("XDG_CACHE_HOME", tempfile.gettempdir())) / "thinkenv-test-kernels"
os.environ["NUMBA_CACHE_DIR"] = str(_caches / _digest)

from hypothesis import HealthCheck, settings  # noqa: E402

# Kernels are compiled in the first examples, so none has a deadline.
_FUZZING = dict(deadline=None, suppress_health_check=list(HealthCheck), database=None)
settings.register_profile("default", max_examples=300, derandomize=True, **_FUZZING)
settings.register_profile("thorough", max_examples=25_000, **_FUZZING)
settings.load_profile("default")

import thinkenv  # noqa: E402, F401  (registers the environments)
