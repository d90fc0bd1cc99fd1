"""What is in this folder is run where Numba checks bounds, by ``../test_contracts.py``.

By hand: ``NUMBA_BOUNDSCHECK=1 python -m pytest tests/kernels/contracts``.
"""

from thinkenv.kernels.compilation import checks_bounds

collect_ignore_glob = [] if checks_bounds() else ["*.py"]
