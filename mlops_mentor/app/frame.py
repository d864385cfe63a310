"""Gradio's frame around the pages: one HTML component that takes a page in.

Belongs here: what is Gradio's, and nothing of what pages say. The content comes with the first answer of the server
(`delivery`), so that it can be read before Gradio's scripts have started. No function of Python is called by the
browser: Gradio's queue and its API have nothing to do.
"""

from pathlib import Path

import gradio as gr
from starlette.applications import Starlette
from starlette.types import ASGIApp

_ASSETS = Path(__file__).parent / "assets"
# What the system has: a theme's own fonts would be asked of Google.
_SANS = ("system-ui", "sans-serif")
_MONO = ("ui-monospace", "monospace")


def build_frame(title: str) -> gr.Blocks:
    """The Gradio app. All pages are shown in it: it is the same for each of them."""
    frame = gr.Blocks(title=title, analytics_enabled=False)
    with frame:
        gr.HTML(
            "<p>This page needs its own server: it cannot be shown by Gradio alone.</p>",
            js_on_load=(_ASSETS / "adopt.js").read_text(encoding="utf-8"),
            apply_default_css=False,
            elem_id="mentor-frame",
        )
    return frame


def framed(blocks: gr.Blocks) -> ASGIApp:
    """The frame as a web app: without footer, run history, links to an API, fonts of others."""
    theme = gr.themes.Base(font=_SANS, font_mono=_MONO)
    app = Starlette()
    gr.mount_gradio_app(
        app,
        blocks,
        path="",
        theme=theme,
        css_paths=[_ASSETS / "frame.css"],
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        show_error=False,
        ssr_mode=False,
        mcp_server=False,
        pwa=False,
    )
    return app
