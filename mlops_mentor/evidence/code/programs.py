"""What a line of shell starts: each program with its arguments, without what only leads to it.

Belongs here: `cd x && uv run python -m pytest tests | tee log` starts `cd x`, `pytest tests` and `tee log`. Words that
are only printed or installed start nothing else.
"""

import re

_SPLIT = re.compile(r"&&|\|\||[;|\n]")
_PREFIXES = frozenset(
    {"sudo", "time", "export", "local", "env", "exec", "nohup", "xvfb-run", "uvx", "then", "do", "else", "if", "!",
     "@", "-", "command", "RUN", "$", "(", "{"}
)  # fmt: skip
_RUNNERS = frozenset({"uv", "poetry", "pdm", "pipenv", "pixi", "hatch", "rye", "conda", "mamba", "micromamba", "pipx"})
_PYTHON = re.compile(r"(?:\S{0,200}/)?python(?:3(?:\.\d{1,2})?|\.exe)?")
# `JOB=$(gcloud ...`, `$$(gcloud` of a Makefile, "`gcloud": what is put into a name is started; a sum is not.
_INSIDE = re.compile(r"(?:[A-Za-z_]\w{0,80}=)?[\"']?(?:\$\$?\((?!\()|`)(?P<rest>.{0,400})", re.DOTALL)
_SET = re.compile(r"[A-Za-z_]\w{0,80}=.{0,400}", re.DOTALL)
# Images of Cloud Build in which another program is started.
_IMAGE = re.compile(r"(?:cloud-sdk|google-cloud-cli|ubuntu|alpine|debian)(?::\S{0,80})?")
_WITH_VALUE = frozenset(
    {"-n", "--name", "-p", "--prefix", "--python", "--extra", "--group", "--with", "--env-file", "--directory",
     "--project", "--package", "-e", "--environment", "--only-group"}
)  # fmt: skip
_MAX_WORDS = 400
_MAX_PARTS = 50


def programs(text: str) -> list[str]:
    """The programs that a command starts, with their arguments; empty for a comment."""
    found = []
    for part in _SPLIT.split(text[:4000])[:_MAX_PARTS]:
        words = _started(part.split()[:_MAX_WORDS])
        if words and not words[0].startswith("#"):
            found.append(" ".join(words))
    return found


def starts(text: str, pattern: str | re.Pattern[str]) -> bool:
    """Whether a command starts a program that begins with a pattern."""
    wanted = re.compile(pattern)
    return any(map(wanted.match, programs(text)))


def _started(words: list[str]) -> list[str]:
    """Words from the program on that is started in the end."""
    while words:
        head = words[0]
        second = words[1] if len(words) > 1 else ""
        if inside := _INSIDE.fullmatch(head):
            words = [inside["rest"], *words[1:]] if inside["rest"] else words[1:]
        elif head in _PREFIXES or _SET.fullmatch(head) or _IMAGE.fullmatch(head):
            words = words[1:]
        elif head == "xargs":
            words = _without_options(words[1:])
        elif head in _RUNNERS and second == "run":
            words = _without_options(words[2:])
        elif head in ("uv", "poetry") and second.startswith("-") and "run" in words[:5]:
            words = words[words.index("run") :]
            words = _without_options(words[1:])
        elif _PYTHON.fullmatch(head) and "-m" in words[:5]:
            words = words[words.index("-m") + 1 :]
        elif head in ("bash", "sh", "/bin/bash", "/bin/sh") and second.startswith("-") and "c" in second:
            words = words[2:]
        elif head[:1] in "\"'`({" and len(head) > 1:
            words = [head.lstrip("\"'`({"), *words[1:]]
        else:
            break
    return [words[0].partition(":")[0] if words[0].startswith("docker:") else words[0], *words[1:]] if words else []


def _without_options(words: list[str]) -> list[str]:
    while words and words[0].startswith("-"):
        words = words[2:] if words[0] in _WITH_VALUE else words[1:]
    return words
