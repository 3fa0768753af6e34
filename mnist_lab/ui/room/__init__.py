"""The page Class: a teacher's controls and the wall."""
