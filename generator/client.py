"""
Writing generated_client/ from spec/, and checking that it is current.

One rule: the same spec gives the same bytes, wherever and however this runs.
openapi-python-client parses, names and lays out; the templates beside this file write the code, and the modules of
runtime/ are copied.
"""

import contextlib
import io
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from jinja2 import ChoiceLoader, DictLoader, StrictUndefined, TemplateError
from openapi_python_client import Project
from openapi_python_client.config import Config, ConfigFile, MetaType
from openapi_python_client.parser import GeneratorData
from openapi_python_client.parser.errors import GeneratorError
from ruff import find_ruff_bin  # type: ignore[import-untyped]

from generator import tree
from generator.expressible import require_expressible
from generator.naming import PREFIX, Naming, constant_name, docstring, identifier, literal
from generator.specification import InvalidSpec, Specification, dialect, read_specification

TEMPLATES: Final = Path(__file__).parent / "templates"
RUNTIME: Final = Path(__file__).parent / "runtime"
COPIED: Final = ("client.py", "types.py")
FORMATTER_CONFIG: Final = Path(__file__).parent / "ruff.toml"


class FormatterFailed(Exception):
    """Ruff could not read what the templates wrote. The text is its own."""


def generate(spec: Path, output: Path) -> int:
    """Write the package at `output`, say how many files changed and return an exit code."""
    output = output.resolve()
    tree.require_ours(output)
    with _built(spec, output.name, beside=output.parent) as built:
        changed = tree.differences(output, built)
        if changed:
            tree.replace(output, built)
    print(f"{output.name}: {len(changed)} files changed" if changed else f"{output.name}: nothing changed")
    return 0


def check(spec: Path, output: Path) -> int:
    """Generate elsewhere, print how `output` differs and return an exit code: 1 where it does."""
    output = output.resolve()
    with _built(spec, output.name) as built:
        changed = tree.differences(output, built)
    for difference in changed.values():
        print(difference)
    if changed:
        print(f"{output.name} is not what spec/ and generator/ make: run `make generate`", file=sys.stderr)
        return 1
    print(f"{output.name} is current")
    return 0


@contextlib.contextmanager
def _built(spec: Path, name: str, beside: Path | None = None) -> Iterator[Path]:
    """Make the package in a temporary folder, on the same file system as what it may replace."""
    specification = read_specification(spec)
    require_expressible(specification)
    if beside:
        beside.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".generated-", dir=beside) as scratch:
        package = Path(scratch) / name
        _write(specification, package)
        _format(package)
        yield package


def _write(specification: Specification, package: Path) -> None:
    config = Config.from_sources(
        ConfigFile(literal_enums=True, post_hooks=[], field_prefix=PREFIX, package_name_override=package.name),
        MetaType.NONE,
        document_source=package,  # never read: the document is handed over parsed
        file_encoding="utf-8",
        overwrite=False,
        output_path=package,
    )
    data = GeneratorData.from_dict(specification.openapi, config=config)
    if isinstance(data, GeneratorError):
        raise _refused([data])
    # The form's fields are flat arguments of build_request: a model for the body would serve nobody.
    schemas = specification.openapi["components"]["schemas"]
    data.models = [model for model in data.models if model.class_info.name in schemas]
    project = Project(openapi=data, config=config, custom_template_path=TEMPLATES)
    project.env.undefined = StrictUndefined
    project.env.loader = ChoiceLoader([DictLoader(dict(_copies())), *filter(None, [project.env.loader])])
    project.env.filters.update(literal=literal, docstring=docstring, identifier=identifier, constant=constant_name)
    project.env.globals.update(
        banner=tree.BANNER,
        spec=specification.openapi,
        error_codes=specification.error_codes,
        error_code_fields=dialect("error_codes.yaml")["$defs"]["code"]["properties"],
        naming=Naming(specification),
    )
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            errors = project.build()
    except TemplateError as error:
        message = f"a template needs something that the spec does not say: {error}"
        raise InvalidSpec(message) from error
    security = project.env.get_template("security.py.jinja").render()
    (package / "security.py").write_text(security, encoding="utf-8", newline="\n")
    if errors:  # a warning here means that something was left out of the client
        raise _refused(errors)
    (package / "py.typed").touch()


def _copies() -> Iterator[tuple[str, str]]:
    """Templates that write the modules of runtime/ as they are, below the banner."""
    for name in COPIED:
        yield (
            f"{name}.jinja",
            f"{{{{ banner }}}}\n{{% raw %}}{(RUNTIME / name).read_text(encoding='utf-8')}{{% endraw %}}",
        )


def _refused(errors: Sequence[GeneratorError]) -> InvalidSpec:
    lines = (" ".join(filter(None, (error.header, error.detail))) for error in errors)
    return InvalidSpec("openapi-python-client cannot express the spec:\n" + "\n".join(lines))


def _format(package: Path) -> None:
    # The formatter that is installed beside this interpreter, with a configuration of its own: PATH, the working
    # directory and any pyproject.toml around the package have no say.
    options = ["--no-cache", "--config", str(FORMATTER_CONFIG), str(package)]
    for command in (["check", "--fix-only", "--exit-zero"], ["format"]):
        done = subprocess.run(  # noqa: S603  # all arguments are ours
            [find_ruff_bin(), *command, *options], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise FormatterFailed((done.stderr or done.stdout).strip())
