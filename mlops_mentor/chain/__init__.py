"""The chain of a group's tables: what each depends on, whether it is up to date, and computing it.

In the order of use: `inputs` gathers what a group depends on besides its repository, `freshness` makes keys of it,
`group_work` reads, `chain` computes; `changes` says which groups are out of date, `waves` which of them come next.
"""
