"""Public names of groups: an alias must not say who the group is.

Belongs here: the look at the names themselves. They stand in every table and in the addresses of pages, so that nothing
can be redacted or withheld: the export is refused. What makes a name usable at all is for `publish.names`.
"""

from collections.abc import Mapping

from mlops_mentor.errors import PrivacyError
from mlops_mentor.publish.privacy.inspection import Inspection
from mlops_mentor.publish.privacy.known import KnownPeople


def check_public_names(names: Mapping[str, str], known: KnownPeople, *, show_addresses: bool) -> None:
    """Nothing, where no public name (by group_id) has somebody's name, account or number, or names a repository.

    Raises:
        PrivacyError: one has; the text says of which groups, and never what they are called.
    """
    inspection = Inspection(known, show_addresses=show_addresses)
    inspection.scan(names.values())
    found = {group_id: inspection.kinds(name, name, is_path=True) for group_id, name in names.items()}
    # Without aliases the id is the name: it is told by its place, as it must not be repeated either.
    called = {
        group_id: f"group {group_id}" if names[group_id] != group_id else f"the {place}. group"
        for place, group_id in enumerate(names, start=1)
    }
    told = [f"{called[group_id]} ({', '.join(kinds)})" for group_id, kinds in found.items() if kinds]
    if told:
        raise PrivacyError(
            f"the public name says who somebody is, or where the work lies: {'; '.join(told)}. Choose other aliases "
            "(`groups: alias` under `publish` in course.yaml). Until then nothing is published."
        )
