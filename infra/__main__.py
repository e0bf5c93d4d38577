"""`scripts/run`: the gallery on this machine."""

from .run import main

main()
