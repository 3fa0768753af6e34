"""Everything that lasts, shared by all processes: knows every file below the root of the runs."""
