"""People of the sharing service; the only importer of SQLAlchemy.

A token is kept as its SHA-256 alone: 256 random bits need no slow hash.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from sqlalchemy import DateTime, Engine, String, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from lake_config.settings import Settings


class Base(DeclarativeBase):
    """Declares the tables of this database."""


class Person(Base):
    """One named person; `recipient` is the group whose tables they may read."""

    __tablename__ = "person"
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    recipient: Mapped[str] = mapped_column(String(63))
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    expires: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    revoked: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


def engine_of(settings: Settings) -> Engine:
    """The database of this lake, made on first use."""
    path = settings.layers.sharing_database
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(f"sqlite:///{path}")
    Base.metadata.create_all(engine)
    path.chmod(0o600)
    return engine


def token_digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def save(engine: Engine, person: Person) -> None:
    """Add a person, or replace the token of one who was known."""
    with Session(engine) as session, session.begin():
        session.merge(person)


def revoke(engine: Engine, name: str) -> bool:
    """False when nobody of that name is enrolled."""
    with Session(engine) as session, session.begin():
        person = session.get(Person, name)
        if person is None:
            return False
        person.revoked = datetime.now(UTC)
        return True


def people(engine: Engine) -> list[Person]:
    with Session(engine, expire_on_commit=False) as session:
        return list(session.scalars(select(Person).order_by(Person.name)))


def holder(engine: Engine, digest: str) -> Person | None:
    """The person whose living token has this digest: neither revoked, replaced, nor
    expired. Looked up by digest, so in constant time."""
    with Session(engine, expire_on_commit=False) as session:
        wanted = select(Person).where(Person.token_digest == digest)
        person = session.scalars(wanted).one_or_none()
    if person is None or person.revoked is not None:
        return None
    # SQLite gives naive times back; they were stored as UTC.
    expires = person.expires.replace(tzinfo=UTC)
    return person if expires > datetime.now(UTC) else None
