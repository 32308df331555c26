"""What stands as `auto` in a config becomes what a person would have written by hand.

This room owns which steps a type of column gets and which layers fit them. It knows the types,
sizes and vocabularies of columns, never their rows.
"""
