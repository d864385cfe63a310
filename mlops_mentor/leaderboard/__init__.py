"""The class at a glance: leaderboard, its history, the state of each group, and the warehouse. The only user of DuckDB."""
