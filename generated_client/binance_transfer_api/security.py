# Generated from spec/openapi.yaml and spec/error_codes.yaml by `python -m generator generate` (make generate).
# Do not edit: change the spec or generator/templates/ and generate again.
"""What a signed request carries, and where."""

from typing import Final

API_KEY_HEADER: Final = "X-MBX-APIKEY"
SIGNATURE_PARAMETER: Final = "signature"
