"""Stands in for what `security.py.jinja` writes from the spec, so that the modules beside it can be checked."""

from typing import Final

API_KEY_HEADER: Final = ""
SIGNATURE_PARAMETER: Final = ""
