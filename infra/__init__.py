"""The local cloud: start it, deploy template.yaml into it, serve the gallery in front of it, recover it."""
