"""Mistakes as data: what went wrong, where, and how to mend it.

This room owns the diagnostic record, the sink in which a stage collects its diagnostics, and the
map from key paths to where they were written. How they are shown stands in `render`. It knows
nothing about configs, Keras or data: a caller names a key path, and the map turns it into a place.
"""

from __future__ import annotations

from kerasgen.diagnostics.codes import CODES as CODES
from kerasgen.diagnostics.diagnostic import Anchor as Anchor
from kerasgen.diagnostics.diagnostic import CompileError as CompileError
from kerasgen.diagnostics.diagnostic import Diagnostic as Diagnostic
from kerasgen.diagnostics.diagnostic import Note as Note
from kerasgen.diagnostics.diagnostic import Severity as Severity
from kerasgen.diagnostics.diagnostic import SourceLocation as SourceLocation
from kerasgen.diagnostics.sink import Sink as Sink
from kerasgen.diagnostics.source_map import SourceMap as SourceMap
from kerasgen.diagnostics.suggestions import Suggestion as Suggestion
from kerasgen.diagnostics.suggestions import as_override as as_override
from kerasgen.diagnostics.suggestions import as_yaml as as_yaml
from kerasgen.diagnostics.suggestions import closest as closest
from kerasgen.diagnostics.suggestions import describe as describe
from kerasgen.diagnostics.suggestions import did_you_mean as did_you_mean
from kerasgen.diagnostics.suggestions import is_slip as is_slip
