"""The roster of the sample class, with the small faults of a file that was exported from a spreadsheet.

Belongs here: who is in which group and how the file looks. Who committed what belongs to the modules of the groups.
"""

from pathlib import Path

# How many members each group has, in the order of the groups; some of them never commit.
_MEMBERS = (4, 3, 4, 4, 3, 3, 2, 3, 5, 3)
_MOST_MEMBERS = 5
_HEADER = "group_nb,student 1,student 2,student 3,student 4,student 5,github_repo"


def repository_name(group: int) -> str:
    """The directory of a group's repository."""
    return f"group-{group:02}"


def roster_text(repositories: Path) -> str:
    """The file: a byte order mark, Windows line ends, spaces after commas, an empty row."""
    rows = [_HEADER]
    for group, members in enumerate(_MEMBERS, start=1):
        students = [f"s99{group:02}{member:02}" for member in range(1, members + 1)]
        students += [""] * (_MOST_MEMBERS - members)
        separator = ", " if group in (2, 5, 9) else ","
        rows.append(f"{group}{separator}{separator.join(students)},{_address(group, repositories)}")
        if group == 6:
            rows.append("," * (_MOST_MEMBERS + 1))
    return "\ufeff" + "\r\n".join(rows) + "\r\n"


def _address(group: int, repositories: Path) -> str:
    path = repositories / repository_name(group)
    address = path.as_uri() if group == 3 else f"{path}/" if group == 4 else str(path)
    quoted = address.replace('"', '""')
    return f'"{quoted}"' if any(character in address for character in ',"\n') else address
