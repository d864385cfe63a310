"""Sheets: the files that people keep in a spreadsheet and save as CSV.

Belongs here: reading whatever spreadsheets write, and adding rows without losing any. What the columns mean belongs to
`roster`, `identities`, `feedback` and `publish`.
"""
