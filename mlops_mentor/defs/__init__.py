"""Dagster's side of the project: partitions, resources, assets, checks, automation. The only user of Dagster.

An asset here reads its inputs, calls one function of the domain, and returns the table with what the UI should show.
"""
