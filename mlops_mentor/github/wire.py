"""The way to GitHub, below the cache of answers: the token goes to GitHub alone, and what comes back is counted."""

from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from mlops_mentor.github.access import GitHubAccess
from mlops_mentor.github.limits import Limits, Usage


class Wire(httpx.AsyncBaseTransport):
    """What goes to GitHub and comes back, below the cache: the token goes to no other host and into no file."""

    def __init__(
        self, inner: httpx.AsyncBaseTransport, access: GitHubAccess, token: str, limits: Limits, usage: Usage
    ) -> None:
        self._inner = inner
        self._origins = own_origins(access)
        self._graphql_path = httpx.URL(access.graphql_url).path
        self._token = token
        self._limits = limits
        self._usage = usage

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        is_own = origin(request.url) in self._origins
        if is_own:
            request.headers["Authorization"] = f"Bearer {self._token}"
        self._usage.num_requests += 1
        response = await self._inner.handle_async_request(request)
        if is_own:
            self._note(request, response)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()

    def _note(self, request: httpx.Request, response: httpx.Response) -> None:
        is_unchanged = response.status_code == 304
        self._usage.num_not_modified += is_unchanged
        self._usage.num_counted += not is_unchanged
        self._limits.hear("graphql" if request.url.path == self._graphql_path else "core", response.headers)


def network(access: GitHubAccess) -> httpx.AsyncHTTPTransport:
    # httpx looks for the proxies of the surroundings only where no transport is given.
    parts = urlsplit(access.api_url)
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    return httpx.AsyncHTTPTransport(proxy=proxy if proxy and not proxy_bypass(parts.hostname or "") else None)


Origin = tuple[str, str, int | None]


def origin(url: httpx.URL) -> Origin:
    return url.scheme, url.host, url.port


def own_origins(access: GitHubAccess) -> frozenset[Origin]:
    return frozenset(origin(httpx.URL(url)) for url in (access.api_url, access.graphql_url))
