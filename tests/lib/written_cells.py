"""Cells of every kind as people write them, good ones and all else."""

from __future__ import annotations

import random

from privacy.regions import TOWNSHIPS
from simulation.people import people_of
from tests.lib.quality_cases import nasty_cell

PEOPLE = people_of(5, 0, 300)
PLACES = [
    f"{before}{county}{between}{name}{behind}"
    for county, names in TOWNSHIPS.items()
    for name in names[::7]
    for before in ("", "绥化市", "海伦市驻")
    for between in ("", " ", "\u3000", "的")
    for behind in ("", "12号", "路3号")
]
POSITIONS = [
    "126.9712,46.6399", "126.97", "46.63", "128.5199,48.0599", "128.52,46", "124.8799,46",
    "124.88,45.04", "124.88,45.0399", "126.97,46.63,1", "46.63,126.97", "126.,46.6", ".9,1",
    "１２６．９７，４６．６３", "126.97;46.63", "126.97, 46.63", "0126.97,46.63", "-126.97,46.63",
    f"126.{'1' * 20},46.{'9' * 20}", f"126.{'1' * 21},46.1", "1e2,46", "126.9x,46.1",
]  # fmt: skip


def written_cells() -> list[str | None]:
    """Good ones of every kind, and everything that has ever been written into one."""
    chance = random.Random(9)
    good = [
        str(cell)
        for name in ("name", "identity_number", "mobile")
        for cell in getattr(PEOPLE, name)[:120]
    ]
    cards = [f"62220212345678901{chance.randrange(100):02d}" for _ in range(60)]
    plates = [
        "黑M12345",
        "黑MD12345",
        "苏D4挂",
        "黑m·1234挂",
        "黑MI2345",
        "M12345",
        "黑M1234567",
    ]
    written = [
        "+86 13945551234",
        "8613945551234",
        "86-139 4555 1234",
        "86 6222021234567",
        "欧阳",
        "欧阳锋",
    ]
    nasty = [nasty_cell(chance) for _ in range(400)]
    return [*good, *cards, *plates, *written, *PLACES, *POSITIONS, *nasty]
