"""The stable entry point that `workspace.yaml` names."""

from mlops_mentor.defs.build import build_defs

defs = build_defs()
