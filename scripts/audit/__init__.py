"""Known vulnerabilities of what the project depends on: `python -m audit`, as scripts/test runs it."""
