"""
schemathesis asks the sandbox everything that spec/openapi.yaml allows, and much that it forbids: `make fuzz`.

One rule: an answer that the spec does not describe, or a 500, is a fault of the one or the other.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from binance_transfer_sandbox import Limits, Sandbox

PROJECT = Path(__file__).resolve().parents[2]
# Left out: ignored_auth, which takes the signature away, only for the hook to sign again; and the checks on what has to
# be refused, since the vendor is known to overlook much.
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
)


def main(arguments: list[str]) -> int:
    """Run schemathesis and return its exit code."""
    endless = Limits(uid_weight_1m=10**12, ip_weight_1m=10**12, spot_ip_weight_1m=10**12)
    with Sandbox(limits=endless) as sandbox, tempfile.TemporaryDirectory() as scratch:
        credentials = sandbox.credentials
        environment = os.environ | {
            "SCHEMATHESIS_HOOKS": "schemathesis_hooks",
            "PYTHONPATH": str(Path(__file__).parent),
            "FUZZ_API_KEY": credentials.api_key,
            "FUZZ_API_SECRET": credentials.secret,
        }
        command = [str(PROJECT / ".venv-schemathesis/bin/schemathesis"), "run", str(PROJECT / "spec/openapi.yaml")]
        options = [
            "--url",
            sandbox.base_url,
            "--checks",
            ",".join(CHECKS),
            "--max-examples",
            "150",
            "--warnings",
            "off",
        ]
        code = subprocess.run([*command, *options, *arguments], env=environment, cwd=scratch, check=False).returncode
        moved = len(sandbox.ledger.executions())
    print(f"transfers that were executed on the way: {moved}")
    return code if moved else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
