"""Examples: a task of one's own, and this package with other libraries."""
