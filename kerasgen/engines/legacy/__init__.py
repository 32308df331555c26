"""Theano and CNTK, the engines of Keras 2.3.1, each in a process of its own interpreter."""
