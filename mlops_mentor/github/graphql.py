"""GraphQL: what an answer says, errors of single parts and refusals among it.

Belongs here: what all answers have. Asking is for `client`, what single questions give for `answers`.
"""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict


class GraphQLError(BaseModel):
    """What GraphQL says of a part of a query, as `path` leads to it, or of all of it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    type: str | None = None
    message: str = ""
    path: tuple[str | int, ...] = ()


@dataclass(frozen=True)
class GraphQLAnswer:
    """`data` by alias, None for what could not be had and empty where nothing could; `errors` say why."""

    data: dict[str, Any]
    errors: tuple[GraphQLError, ...] = ()


class GraphQLBody(BaseModel):
    """An answer as it comes."""

    data: dict[str, Any] | None = None
    errors: tuple[GraphQLError, ...] = ()
    # Instead of both, where something before GraphQL answers.
    message: str = ""

    @property
    def limit(self) -> str | None:
        """What it says of a limit: GraphQL refuses with status 200."""
        for error in self.errors:
            if error.type == "RATE_LIMITED" or "secondary rate limit" in error.message.lower():
                # The type alone says that it is the primary limit.
                return error.message if error.type != "RATE_LIMITED" else "API rate limit exceeded"
        return None

    @property
    def is_no_answer(self) -> bool:
        """GitHub gave up ("Something went wrong while executing your query"): no data, and errors of no kind."""
        return self.data is None and not any(error.type or error.path for error in self.errors)
