"""Who may use the desk: the password, sessions, the tokens of forms, and where a request comes from.

Belongs here: deciding. What a refused request is told belongs to `guard`. Nothing is stored: a session is a signed
cookie. With a password the key follows from it, so that a restart throws nobody out and a new password everybody.
"""

import base64
import hashlib
import hmac
import ipaddress
import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

SESSION_S = 12 * 60 * 60
# Typing errors cost nothing; after them each wrong attempt doubles the pause.
_FREE_ATTEMPTS = 3
_LONGEST_PAUSE_S = 300.0
# What strangers can make this process remember.
_MAX_CLIENTS = 1_000


class Sessions:
    """Makes and checks session cookies, the tokens of their forms, and signed notices; `password` None for none."""

    def __init__(self, password: str | None) -> None:
        self._password = password
        self._key = (
            secrets.token_bytes(32)
            if password is None
            # Slow on purpose: who steals a cookie must not be able to try passwords on it.
            else hashlib.scrypt(password.encode(), salt=b"mlops-mentor desk", n=2**14, r=8, p=1, dklen=32)
        )

    @property
    def needs_password(self) -> bool:
        return self._password is not None

    def is_password(self, attempt: str) -> bool:
        """Whether this is the password; takes as long for a wrong one."""
        if self._password is None:
            return False
        given, wanted = (hashlib.sha256(text.encode("utf-8", "replace")).digest() for text in (attempt, self._password))
        return hmac.compare_digest(given, wanted)

    def begin(self, now: float) -> str:
        """The cookie of a new session, which ends after `SESSION_S`."""
        return self.sign("session", f"{secrets.token_urlsafe(16)}.{int(now) + SESSION_S}")

    def session_in(self, cookie: str | None, now: float) -> str | None:
        """The session that a cookie is of; None for a forged one and one that has ended."""
        content = self.signed("session", cookie)
        if content is None:
            return None
        _, _, until = content.rpartition(".")
        return content if until.isdigit() and int(until) > now else None

    def form_token(self, session: str) -> str:
        """What a form of this session carries."""
        return self._signature("form", session)

    def is_form_token(self, session: str, token: str) -> bool:
        """Whether a form of this session was given this token."""
        return hmac.compare_digest(self.form_token(session).encode(), token.encode("utf-8", "replace"))

    def sign(self, purpose: str, content: str) -> str:
        """Content for a cookie that only this desk can have written."""
        return f"{base64.urlsafe_b64encode(content.encode()).decode()}.{self._signature(purpose, content)}"

    def signed(self, purpose: str, cookie: str | None) -> str | None:
        """What `sign` was given; None where it was not this desk."""
        encoded, _, signature = (cookie or "").partition(".")
        try:
            content = base64.b64decode(encoded.encode(), altchars=b"-_", validate=True).decode()
        except ValueError:
            return None
        is_ours = hmac.compare_digest(self._signature(purpose, content).encode(), signature.encode("utf-8", "replace"))
        return content if is_ours and content else None

    def _signature(self, purpose: str, content: str) -> str:
        return hmac.new(self._key, f"{purpose}\x1f{content}".encode(), hashlib.sha256).hexdigest()


@dataclass
class Attempts:
    """Wrong passwords by client, and how long each client has to wait."""

    _wrong: OrderedDict[str, tuple[int, float]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, client: str, now: float) -> float:
        """Seconds that the client has to wait, or 0 and the attempt counts as wrong until `succeed` says otherwise.

        It is counted before it is looked at: hundreds at the same moment would all find that none was wrong yet.
        """
        name = _network(client)
        with self._lock:
            num_wrong, last = self._wrong.get(name, (0, 0.0))
            pause = min(2.0 ** (num_wrong - _FREE_ATTEMPTS), _LONGEST_PAUSE_S) if num_wrong >= _FREE_ATTEMPTS else 0.0
            if (left := last + pause - now) > 0:
                return left
            self._wrong[name] = (min(num_wrong + 1, 60), now)
            self._wrong.move_to_end(name)
            while len(self._wrong) > _MAX_CLIENTS:
                self._wrong.popitem(last=False)
            return 0.0

    def succeed(self, client: str) -> None:
        """The attempt was right: the client begins anew."""
        with self._lock:
            self._wrong.pop(_network(client), None)


def is_own_form(headers: Mapping[str, str]) -> bool:
    """Whether a page of this desk sends the request, as the browser says.

    `SameSite` alone does not tell ports of one host apart. Under `Referrer-Policy: no-referrer` browsers call the
    origin of forms `null`: then what they say of the site counts. Those that say neither are refused.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None and site != "same-origin":
        return False
    if origin is None or origin == "null":
        return site is not None
    # A proxy in front ends TLS: the scheme that the browser sees is not known here.
    scheme, _, host = origin.partition("://")
    return scheme in ("http", "https") and host == headers.get("host")


def _network(client: str) -> str:
    """IPv6 gives everybody billions of addresses within a network of their own."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return "unknown"
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else str(address)
