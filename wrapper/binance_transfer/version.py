"""
The version of this package.

One rule: it stands here and nowhere else; the package's metadata are made from it.
"""

from typing import Final

__version__: Final = "0.2.0"
