"""Measurements of the gallery on this machine, each in one run and beside something to compare it with."""
