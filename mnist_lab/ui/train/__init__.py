"""The Train page: the form, what it begins, and what is under way."""
