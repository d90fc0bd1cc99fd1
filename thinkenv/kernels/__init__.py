"""Plumbing for compiled kernels: compilation and its cache, random numbers, threads.

A kernel is a function that Numba compiles. It looks neither at where a number leads nor whether an
array is long enough: what leads outside an array changes whatever lies there. So that files from
strangers do no harm,

- whoever reads a file checks what kernels will follow, before they follow it;
- a kernel says in its docstring what it assumes and does not check, in a sentence that begins with
  "Assumes";
- its test in ``tests/kernels/contracts`` feeds it the ends of what it assumes, with bounds checked.
  A kernel without either is found by ``tests/kernels/test_contracts.py``.

When in doubt, ``NUMBA_BOUNDSCHECK=1`` makes kernels raise an ``IndexError`` beyond an array's end,
and take half as long again. An index below zero counts from the end there, too, as it does in
Python. Such kernels are kept apart from the others.
"""
