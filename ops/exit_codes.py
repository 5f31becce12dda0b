"""From an exit code back to its error, and the page that lists them all."""

from __future__ import annotations

from lake_config import errors


def lake_errors() -> tuple[type[errors.LakeError], ...]:
    """Every error class a command may end with, by exit code."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    found = [kind for kind in kinds if issubclass(kind, errors.LakeError)]
    return tuple(sorted(found, key=lambda kind: (kind.exit_code, kind.__name__)))


def error_of(code: int) -> type[errors.LakeError]:
    """The error class of an exit code; codes that are nobody's mean a crash."""
    for kind in lake_errors():
        if kind.exit_code == code and kind is not errors.ContractError:
            return kind
    return errors.LakeError


def page() -> str:
    """docs/reference/exit_codes.md, generated; a test compares it with the file."""
    head = (
        "# Exit codes\n\nGenerated from `lake_config/errors.py`; codes stay stable.\n"
        "Transient: the scheduler tries the same command again with a back-off.\n\n"
        "| code | error | transient | meaning |\n| --- | --- | --- | --- |\n"
        "| 0 | – | – | done, or nothing to do for a person's command |\n"
    )
    rows = (
        f"| {kind.exit_code} | `{kind.__name__}` | {'yes' if kind.transient else 'no'} | "
        f"{' '.join((kind.__doc__ or '').split(chr(10) * 2)[0].split())} |"
        for kind in lake_errors()
    )
    return head + "\n".join(rows) + "\n"
