"""Every error a person may see: one class per situation, each with its own exit code.

A message says what happened, why, and what to do. It never carries a cell value, a secret
or a source row: only department, table, column, rule, counts and paths. The codes are
listed in docs/reference/exit_codes.md and stay stable.
"""

from __future__ import annotations

NOTHING_TO_DO = 99
NOT_SHARED = 98
TOO_FEW_CHANGED = 97
SKIPPED = (NOTHING_TO_DO, NOT_SHARED, TOO_FEW_CHANGED)
"""Exit codes of steps that rightly did nothing; Airflow shows them as skipped."""


class LakeError(Exception):
    """Shown to people without a traceback.

    `transient` tells the scheduler that the same command may succeed later. `table` is
    said where it is about another table than the command was given.
    """

    exit_code = 1
    transient = False
    table = ""


class UsageError(LakeError):
    """The command or its arguments make no sense."""

    exit_code = 2


class ContractError(LakeError):
    """One or more contracts are wrong; carries all problems at once."""

    exit_code = 2

    def __init__(self, problems: tuple[str, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class SettingsError(LakeError):
    """The deployment's settings are missing, contradictory or unsafe."""

    exit_code = 3


class ComponentMissing(LakeError):
    """A program or library this machine needs is not there."""

    exit_code = 4


class NothingToDo(LakeError):
    """The step's receipt exists already; nothing was touched."""

    exit_code = NOTHING_TO_DO


class NotShared(NothingToDo):
    """The catalogue says that this table is not shared: it is kept, and not published."""

    exit_code = NOT_SHARED


class TooFewChanged(NothingToDo):
    """The version differs from the one people hold by too few of them, and waits."""

    exit_code = TOO_FEW_CHANGED


class SourceUnavailable(LakeError):
    """The source did not answer, or broke off."""

    exit_code = 10
    transient = True


class SourceRefusedLogin(LakeError):
    """The source refused the lake's user name, password or token."""

    exit_code = 11


class SourceAuthorisationLapsed(LakeError):
    """The authorisation behind a returned dataset has expired (law.md L30, seed task 39)."""

    exit_code = 12


class SourcePaused(LakeError):
    """The source failed again and again; the lake leaves it alone for a while."""

    exit_code = 13
    transient = True


class PastStateGone(LakeError):
    """The source knows only today's state; a delivery of an earlier date is gone."""

    exit_code = 14


class EmptyDelivery(LakeError):
    """The source delivered no rows."""

    exit_code = 20


class ShortDelivery(LakeError):
    """Rows, keys or the quarantined share lie outside the contract's band."""

    exit_code = 21


class SchemaChanged(LakeError):
    """The source's columns are not those of the contract."""

    exit_code = 22


class DeliveryDigestWrong(LakeError):
    """A delivered file, or a known name with other bytes, does not match its manifest."""

    exit_code = 23


class ControlTotalsDiffer(LakeError):
    """Source and lake disagree on counts or checksums."""

    exit_code = 24


class DeliveryUndecodable(LakeError):
    """A delivered file is not in the encoding its contract names."""

    exit_code = 25


class DeliveryIncomplete(LakeError):
    """A delivery lacks its manifest, a file, or pages."""

    exit_code = 26


class GateFailed(LakeError):
    """The batch is not good enough to be shared."""

    exit_code = 30


class OutOfTurn(LakeError):
    """The receipt of the previous step is missing, failed, or about something else."""

    exit_code = 31


class NotSigned(LakeError):
    """No security administrator signed this contract under this masking policy."""

    exit_code = 32


class LeakFound(LakeError):
    """The leak scan found plain personal data in staged bytes."""

    exit_code = 33


class ClassUnconfirmed(LakeError):
    """The data looks like more than its contract says, and no officer has confirmed it."""

    exit_code = 35


class KeyUnavailable(LakeError):
    """A pseudonym or signing key is missing, wrong, retired or destroyed."""

    exit_code = 34


class TooFewPeople(LakeError):
    """Too few people share what the table would tell, however little it tells."""

    exit_code = 36


class GrantNotInForce(LakeError):
    """A grant lacks signatures, has ended, or does not fit its table: nothing is shared."""

    exit_code = 37


class StoreUnavailable(LakeError):
    """The object store did not do what was asked, or did not answer."""

    exit_code = 40
    transient = True


class StoreUnfit(LakeError):
    """The store lacks a property the lake relies on, or was never checked."""

    exit_code = 41


class TableBusy(LakeError):
    """Another publisher holds this table's lease."""

    exit_code = 42
    transient = True


class TableDamaged(LakeError):
    """A table's log or files are not what its receipt names, or cannot be read."""

    exit_code = 43


class LedgerBroken(LakeError):
    """The ledger does not verify."""

    exit_code = 50


class LedgerUnwritable(LakeError):
    """An event could not be made durable, so the action did not happen.

    A full disk is the usual cause: the scheduler goes on by itself when there is room.
    """

    exit_code = 51
    transient = True


class AccessDenied(LakeError):
    """This person may not do or read this."""

    exit_code = 60


class ReadsUnrecorded(LakeError):
    """The store served what the ledger knows nothing of."""

    exit_code = 61


class JobFailed(LakeError):
    """An engine failed for a reason of its own; its message is withheld, see the job log."""

    exit_code = 70
    transient = True


class NotifyFailed(LakeError):
    """A receiver has not taken an alert; it stays in the log and is sent again."""

    exit_code = 80
    transient = True
