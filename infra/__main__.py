"""`scripts/run`: the gallery on this machine."""

import signal

signal.signal(signal.SIGINT, signal.SIG_DFL)  # while this is read there is nothing yet to stop in order

from .run import main  # noqa: E402 - after the signal is seen to

main()
