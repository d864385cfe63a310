"""The web app: the pages in a frame of Gradio's, here on 127.0.0.1 or as a Space.

It reads an exported folder and nothing else, so that it never meets a writer. Importing Gradio takes seconds and looks
at the environment: only `frame` does it, and `serve` imports that once the environment is as it should be.
"""
