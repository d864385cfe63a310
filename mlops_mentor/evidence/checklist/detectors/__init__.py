"""Detectors: what a repository shows of each item of the checklist, whatever its group claims."""
