"""Figures from facts: each function takes what was computed elsewhere and only draws it."""
