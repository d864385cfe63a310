"""The assets, a module a stage of the data flow: roster -> repos -> metrics -> leaderboard."""
