"""The reviewer without a model: fixed rules over the evidence. It never poses as a model."""

from mlops_mentor.feedback.rules.reviewer import RULES, review_by_rules

__all__ = ["RULES", "review_by_rules"]
