"""The intermediate representation: what a config means, as frozen data.

This room owns the record types that travel between the stages, and the rules for names. Data
only: what can be done with it stands in the room that does it. Every record that a user wrote
carries `path`, the dotted key path of its config entry, by which a diagnostic finds the place.
"""
