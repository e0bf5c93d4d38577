"""The command line: `scripts/captionary`."""
