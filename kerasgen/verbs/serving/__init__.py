"""Answering over HTTP: how requests become rows, rows become batches, and batches answers.

This folder owns the server of `kerasgen serve`. It must not know what a run is made of: what is
asked of it, and what it answers, are those of `kerasgen predict`.
"""
