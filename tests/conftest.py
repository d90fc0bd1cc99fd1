"""Shared by all tests: environments are registered, and every warning is an error."""

import thinkenv  # noqa: F401  (registers the environments)
