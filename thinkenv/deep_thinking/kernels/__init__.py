"""Kernels that think: iterations of nets on cells, compiled; they import no torch."""
