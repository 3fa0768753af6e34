"""The life of a run: queued, sent, trained by a worker, finished. And searches, which are many runs."""
