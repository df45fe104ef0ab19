"""Who a text speaks of: the people among its words."""

from __future__ import annotations

import re

_PEOPLE: frozenset[str] = frozenset(
    re.split(
        r"\s+",
        """\
accountant admin administrator agent analyst applicant author borrower buyer cashier citizen clerk
client coach colleague consumer contributor courier customer dealer designer developer director
dispatcher doctor donor driver editor employee employer engineer farmer gardener guest host investor
judge landlord lawyer lead leader learner lender librarian maintainer manager member merchant
moderator nurse officer operator organizer organiser owner parent participant passenger patient
patron pharmacist photographer pilot player publisher reader recipient renter resident reviewer
rider sailor salesperson scientist secretary seller sender shopper speaker student subscriber
supervisor supplier teacher technician tenant tester tourist trader trainer traveler traveller tutor
user vendor viewer visitor volunteer voter worker writer""",
    )
)


def person(*texts: str | None) -> str | None:
    """The first person that a text names, in the singular; of several texts the first that names one."""
    for text in texts:
        for word in re.findall(r"[a-z]+", (text or "").lower()):
            for single in (word, word.removesuffix("s"), word.removesuffix("es")):
                if single in _PEOPLE:
                    return str(single)
    return None


def article(noun: str) -> str:
    """The noun with ``a`` or ``an``."""
    vowel = noun[:1] in "aeio" or (noun.startswith("u") and not noun.startswith("us"))
    return f"{'an' if vowel else 'a'} {noun}"
