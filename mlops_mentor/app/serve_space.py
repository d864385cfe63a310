"""What `app.py` of a Space calls: the app on the dataset, read again now and then.

Belongs here: starting. Whatever this imports is copied into the Space (`space`), and must be little.
"""

import logging
import os
import threading

from mlops_mentor.app.hub_source import HubSource
from mlops_mentor.app.serve import QUIET, serve

_ADVICE = "The dataset could not be read so far: it may be empty, or the Space's secret HF_TOKEN may not open it."


def serve_space(dataset: str, *, every_minutes: float = 5.0, port: int = 7860) -> None:
    """Serve the export in a dataset of the Hub, `owner/name`, until the Space stops.

    A private dataset is opened with the Space's secret `HF_TOKEN`, which need only read.

    Raises:
        PublishError: the port is taken.
    """
    os.environ.update(QUIET)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    source = HubSource(dataset)
    stop = threading.Event()
    reader = threading.Thread(
        target=source.refresh_for_ever, args=(every_minutes * 60, stop), name="dataset", daemon=True
    )
    reader.start()
    try:
        # A Space is reached through its proxy alone.
        serve(source, host="0.0.0.0", port=port, advice=_ADVICE, announce=logging.getLogger(__name__).warning)  # noqa: S104
    finally:
        stop.set()
