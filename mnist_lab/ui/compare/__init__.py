"""The Compare page: `table` chooses runs, every other module is one view of those that are chosen."""
