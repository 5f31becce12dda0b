"""All classes, the stronger claim first: this order decides where scores and lengths tie."""

from __future__ import annotations

from privacy.recognisers.belongings import BELONGINGS
from privacy.recognisers.birth_date import BIRTH_DATE
from privacy.recognisers.contacts import CONTACTS
from privacy.recognisers.documents import DOCUMENTS
from privacy.recognisers.home import ADDRESS

CLASSES = (*DOCUMENTS, *BELONGINGS, *CONTACTS, BIRTH_DATE, ADDRESS)
BY_ENTITY = {kind.entity: kind for kind in CLASSES}
RANK = {kind.entity: place for place, kind in enumerate(CLASSES)}
