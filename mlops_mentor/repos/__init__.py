"""Everything read from git: mirrors, snapshots, commits, files, blame. The only user of git.

Repositories of students are hostile input. Nothing here checks a file out, runs a hook or a filter, follows a
submodule, a link or an LFS pointer, or passes an argument through a shell.
"""
