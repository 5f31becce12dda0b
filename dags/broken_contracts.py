"""No DAG: a red import error in Airflow while a contract is broken, with every problem.

`department_pipelines.py` leaves a broken contract out, so that the other departments go
on; this file is what makes that visible.
"""

from __future__ import annotations

from lake_config.contract_loader import sound_contracts
from lake_config.errors import ContractError
from lake_config.settings import load

_, PROBLEMS = sound_contracts(load().contracts)
if PROBLEMS:
    raise ContractError(PROBLEMS)
