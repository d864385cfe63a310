"""Identities: which names and e-mail addresses are one contributor, and which contributor is which member.

Belongs here: merging by what git shows (`merging`), and what TAs say against it (`rules`, `mapping`, `sheet`). What
contributors did is counted in `metrics`.
"""
