"""A file that declares one list beside the contracts: grants, linkage groups, corrections."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lake_config.contract_shape import Level, check_shape
from lake_config.contract_yaml import Source, read_yaml
from lake_config.errors import ContractError

Problems = Callable[[dict[str, Any]], Iterator[tuple[int, str]]]
"""What is wrong in a file of the right shape: in which item, and why."""


def read_list(path: Path, shape: Level, name: str, problems: Problems) -> Source:
    """The file, its list in good order; ContractError names every problem."""
    source = read_yaml(path)
    if not source.problems:
        check_shape(source, source.data, shape)
    if not source.problems:
        for index, problem in problems(source.data):
            source.complain((name, index), problem)
    if source.problems:
        raise ContractError(tuple(source.problems))
    return source
