"""Packs: what a reviewer is shown of a group for one area, without secrets and personal data."""
