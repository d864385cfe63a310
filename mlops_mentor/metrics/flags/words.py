"""The innocent reading of each flag: what a TA should think of first.

Belongs here: these sentences. What was noticed, with its numbers, is said where it is noticed.
"""

INNOCENT = {
    "secrets": "A placeholder or a key of a test looks like one too; a real one has to be revoked where it was issued.",
    "instructions_to_reviewer": "A project about language models quotes such sentences. They change nothing here.",
    "submodule_command": "Nothing here follows it. Copied from somewhere?",
    "parser_bomb": "Nothing here expands it. The input of a test, or written by a program?",
    "forced_push_over_deadline": "Tidying up afterwards does that too; what stood at the deadline counts.",
    "no_commits": "Away, ill, or working where nothing is pushed from?",
    "report_not_started": "Written elsewhere and brought in at the end?",
    "history_rewritten": "Removing a large file or a secret does that too.",
    "branch_made_after_deadline": "A branch that was renamed looks like this.",
    "late_commits": "A last correction?",
    "backdated_commits": "Work without a network looks like this.",
    "claims_unsupported": "It may be in the cloud, on a branch, or where nobody looked; or ticked ahead of the work.",
    "one_member_does_nearly_all": "Work at one keyboard, or under one account, looks like this.",
    "member_silent": "Work at another's keyboard, on the report, in the cloud, or under a name not matched yet?",
    "work_at_the_end": "Moved from another repository, or squashed into few commits?",
    "ci_failing": "Something outside that the workflow needs, such as credentials or data?",
    "hidden_text": "Copying from a web page or a chat brings such characters along.",
    "link_outside": "A cache of data on one's own disk, or a cluster's shared folder?",
    "odd_path": "A name that a program made, or a slip of the keyboard?",
    "git_settings": "A tool that cleans notebooks or tracks data sets these.",
    "same_history": "A fork, a common start, or a project continued with permission?",
    "same_code": "A common source such as a tutorial, or work that was shared with permission?",
    "same_files": "A common source such as a tutorial or an example of a library?",
}
