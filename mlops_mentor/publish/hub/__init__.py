"""The Hugging Face Hub: pushing the export as one commit, and erasing what was pushed earlier.

The only user of huggingface_hub besides the app. What is pushed has passed the privacy gate before; nothing here looks
at it again, but nothing else than the files of an export is ever read here.
"""
