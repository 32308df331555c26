"""What a run does with data and models, in plain functions that a script quotes.

This room owns reading, labels, splitting, columns, weights and the calls of training
as a person would write them in a script. It imports nothing of kerasgen but itself:
no diagnostic, no config.

Decisions:
- What cannot be used raises `DataError`; the rooms above turn that into a diagnostic
  with a place, and a script stops with it.
- Lines have 88 columns, and docstrings one line where that will do: scripts have both.
- Keras, scikit-learn and Pillow are imported inside of the functions that use them.
- A name is given once in the whole room, since a script has all of them side by side.
"""
