"""The sources of data, one kind a file; `source_list` lists them.

What several share stands in `files` (the door for what a source reads) and `plain_functions` (the
way from a plain reading function to a source). `bundled` holds those that come with packages.
"""
