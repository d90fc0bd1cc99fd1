"""Analysis: how an agent thinks, and what disturbs it; tables and figures."""
