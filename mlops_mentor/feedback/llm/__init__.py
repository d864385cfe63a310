"""Asking a language model: one server, its habits, its limits, its answers, its price."""
