"""Plumbing for compiled kernels: compilation and its cache, random numbers, threads."""
