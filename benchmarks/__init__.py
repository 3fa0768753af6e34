"""Commands that measure the lab, and the ones that made what comes with it."""
