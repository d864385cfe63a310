"""The exceptions of this project, and nothing else.

    MentorError                what a user can act on; its text names file, place and remedy
    ├── ConfigError            a setting or course.yaml cannot be used
    ├── RosterError            the roster as a whole cannot be used (single bad rows are `RowProblem`s)
    ├── RepoError              a repository could not be read; carries a snapshot `status`
    │   └── GitError           git itself ended with an error; carries its exit code and message
    ├── GitHubError            GitHub's API did not give what was asked; carries a `status`, and when asking goes on
    ├── LLMError               a language model gave no text; carries the call's `outcome`
    │   └── UnusableAnswerError   it gave texts, and none of them could be used
    ├── LakeError              a stored table is missing or cannot be read
    │   └── SchemaError        what was computed does not fit its table
    ├── PrivacyError           something would have left the data directory that must not
    ├── PublishError           the export is not there, or the Hub did not take it
    └── WarehouseError         the published warehouse is missing or a query cannot be answered

Missing is a value and not an exception: a number that cannot be known is null, with the reason beside it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any


class MentorError(Exception):
    """What a user can act on."""


class ConfigError(MentorError):
    """A setting or `course.yaml` cannot be used."""


class RosterError(MentorError):
    """The roster as a whole cannot be used; whatever was known before stays."""


class RepoError(MentorError):
    """A repository could not be read.

    `status` is one of `empty|not_found|no_access|timeout|error`, as in the table `repo_snapshots`.
    """

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class GitError(RepoError):
    """git ended with an error: `exit_code` (negative for a signal) and the last lines of its `stderr`."""

    def __init__(self, command: str, exit_code: int, stderr: str) -> None:
        super().__init__("error", f"git {command} ended with {exit_code}: {stderr.strip() or 'no message'}")
        self.exit_code = exit_code
        self.stderr = stderr


class GitHubError(MentorError):
    """GitHub's API did not give what was asked.

    `status` is one of `bad_token|not_found|no_access|rate_limited|timeout|error`, as in the table `github_repos`;
    `until` is the moment (UTC) before which asking again is of no use, None where that is not known.
    """

    def __init__(self, status: str, reason: str, until: datetime | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.until = until


class LLMError(MentorError):
    """A language model gave no text.

    `outcome` is one of `CALL_OUTCOMES` but `answered`, as in the table `llm_calls`; `over_budget` where it was not
    asked at all. `is_final`: asking the same again would give the same.
    """

    def __init__(self, outcome: str, reason: str, *, is_final: bool = False) -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.reason = reason
        self.is_final = is_final


class UnusableAnswerError(LLMError):
    """A language model gave texts, and none of them could be used, the repaired one neither.

    `outcome` is `answered`; `answers` are what came back (`feedback.llm.calls.Answer`), for they were paid.
    """

    def __init__(self, reason: str, answers: Sequence[Any] = ()) -> None:
        super().__init__("answered", reason, is_final=True)
        self.answers = tuple(answers)


class LakeError(MentorError):
    """A stored table is missing or cannot be read."""


class SchemaError(LakeError):
    """What was computed does not fit its table, and was not stored."""


class WarehouseError(MentorError):
    """The published warehouse is missing or a query cannot be answered."""


class PrivacyError(MentorError):
    """Something would have left the data directory that must not; the text names table, group and kind, no value."""


class PublishError(MentorError):
    """There is no export that can be read, or the Hub did not take it."""
