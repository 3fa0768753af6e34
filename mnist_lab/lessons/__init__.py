"""Lessons: a short text, a bet, the runs that decide it, and the comparison that answers it. Each is one TOML file."""
