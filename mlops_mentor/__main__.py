"""`python -m mlops_mentor` is `mlops-mentor`."""

from mlops_mentor.cli import main

main()
