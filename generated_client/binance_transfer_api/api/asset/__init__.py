# Generated from spec/openapi.yaml and spec/error_codes.yaml by `python -m generator generate` (make generate).
# Do not edit: change the spec or generator/templates/ and generate again.
"""Transfers between wallets, and what the wallets hold."""
