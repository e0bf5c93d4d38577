"""What stops the local cloud, in one sentence for the person who started it."""

from __future__ import annotations


class StartError(Exception):
    """The gallery can't be started; the message says why and what to do."""
