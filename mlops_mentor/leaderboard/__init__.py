"""The class at a glance: leaderboard, its history, each group's state, the warehouse. The only user of DuckDB."""
