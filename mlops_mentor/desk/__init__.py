"""The desk: where TAs read drafts beside the evidence, correct and release them, and say who is who.

Belongs here: what a TA is shown and what becomes of a TA's word. The sheets are written by `feedback.review_sheet` and
`identities.sheet`.
"""
