"""Files that a stranger may have written: opened, bounded, read as plain data, shown.

This room owns the one door through which such a file comes in (`regular_files`), the forms in
which it is read (`json_data`, `yaml_data`, `archives`, `hdf5`) and how a text out of it is shown
(`printable`). It stands at the bottom: it knows no config, no record and no diagnostic, and who
calls it says what the file was to be.

Decisions:
- Only regular files are read. A pipe lasts until somebody writes, a device for ever, and a link
  out of a folder that was handed over reads what its author may not see.
- Everything is bounded before it is built: bytes, levels, values, digits, and what unpacks.
- Nothing is ever constructed but plain data: no class, no code, no pickle.
"""
