"""Rules that need the whole table: duplicate keys and orphan references.

Judged by polars over narrow columns of the committed files: at a tenth of Spark's cost,
and the engine that wrote the rows does not judge them (docs/adr/0012). No value comes
out; rows are never repaired here, only pointed at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from lake_config.contract import Rule, Table
from lake_config.errors import ContractError
from quality.frames import collected, count
from quality.row_rules import ROW, judged
from quality.suite import set_rules

RULE = "rule"
KEY_TYPES = (pl.String, pl.Int64, pl.Decimal, pl.Date, pl.Boolean)
"""What can land (lake_config.contract_loader.landed_type); another type is refused."""


def set_violations(
    table: Table,
    rules: Iterable[Rule],
    rows: pl.LazyFrame,
    parents: Mapping[str, pl.LazyFrame],
) -> pl.DataFrame:
    """`_row, rule` for every row that breaks a set rule.

    `parents` holds all collected rows of the tables referred to, quarantined ones too:
    a defect in a parent must not make orphans of its children.
    """
    rules = tuple(rules)
    known = {**parents, table.name: rows}
    found = [pl.DataFrame(schema={ROW: pl.Int64, RULE: pl.String})]
    for rule in set_rules(rules):
        some = rows.filter(judged(table, rules, rule.columns))
        keys = some.select(ROW, *rule.columns)
        if rule.kind == "reference":
            bad = _orphans(rule, keys, known[rule.arguments["parent_table"]])
        else:
            bad = _repeated(rule, keys)
        found.append(bad.select(ROW, pl.lit(rule.name).alias(RULE)))
    return pl.concat(found)


def distinct_keys(table: Table, rows: pl.LazyFrame) -> int:
    """How many different primary keys there are; rows, where a table has no key."""
    if not table.primary_key:
        return count(rows)
    keys = rows.select(table.primary_key).drop_nulls()
    return count(keys) - int(_repeated_keys(keys, table.primary_key)["extra"].sum())


def _repeated(rule: Rule, judged: pl.LazyFrame) -> pl.DataFrame:
    """All rows of a key that occurs more than once."""
    keys = _repeated_keys(judged.select(rule.columns), rule.columns)
    if not keys.height:
        return collected(judged.limit(0))
    return collected(judged.join(keys.lazy(), on=rule.columns, how="semi"))


def _repeated_keys(keys: pl.LazyFrame, columns: tuple[str, ...]) -> pl.DataFrame:
    """Keys that occur more than once, and how many rows each has beyond its first.

    Looked for among those whose hash occurs more than once: eight bytes a row are held,
    where counting whole keys would hold a hundred and more.
    """
    for name, type_ in keys.collect_schema().items():
        _refuse_unproven(name, type_)
    hashed = keys.with_columns(pl.struct(columns).hash().alias("hash"))
    hashes = collected(hashed.select("hash"))["hash"].sort()
    twice = hashes.filter(hashes == hashes.shift()).unique().to_frame()
    some = hashed if twice.height else hashed.limit(0)
    extra = (pl.len().cast(pl.Int64) - 1).alias("extra")
    counted = (
        some.join(twice.lazy(), on="hash", how="semi").group_by(columns).agg(extra)
    )
    return collected(counted.filter(pl.col("extra") > 0))


def _orphans(rule: Rule, judged: pl.LazyFrame, parent: pl.LazyFrame) -> pl.DataFrame:
    """Rows whose value no row of the parent has."""
    name = rule.columns[0]
    key = pl.col(name).alias("key")
    known = pl.col(rule.arguments["parent_column"]).alias("key")
    referring, there = judged.select(ROW, key), parent.select(known).unique()
    types = [side.collect_schema()["key"] for side in (referring, there)]
    if types[0] == types[1]:
        _refuse_unproven(name, types[0])
    elif all(map(_as_text, types)):
        text = pl.col("key").cast(pl.String)
        referring, there = referring.with_columns(text), there.select(text)
    else:
        raise _unproven(name)
    return collected(referring.join(there, on="key", how="anti"))


def _as_text(type_: pl.DataType) -> bool:
    """May it meet another type? Text and whole numbers read the same in every engine."""
    whole = isinstance(type_, pl.Decimal) and type_.scale == 0
    return whole or type_ in (pl.String, pl.Int64)


def _refuse_unproven(name: str, type_: pl.DataType) -> None:
    if type_ not in KEY_TYPES:
        raise _unproven(name)


def _unproven(name: str) -> ContractError:
    problem = f"列 {name} 的类型不能作为键来比较，请更正契约中的物理类型。"
    return ContractError((problem,))
