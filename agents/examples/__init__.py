"""Where the examples went: to the folder ``examples``."""
