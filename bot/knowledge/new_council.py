"""A new council's file, to be filled in: it passes the check as it is, because it claims nothing."""

from __future__ import annotations

from datetime import date, timedelta

from bot.knowledge.authorities import Authority

REVIEW_AFTER = timedelta(days=182)

SKELETON = """\
# {name}. Every fact here was read on a page that is named with it. docs/editing.md shows how to fill this in.
authority: {slug}
checked_on: {checked_on}
review_by: {review_by}
offer:
  status: not_found        # or: published, older_policy; then add 'title:' and 'url:'
search_for: {short_name} kinship local offer
# One contact looks like this (take the # away; roles: kinship_team, children_services, out_of_hours, virtual_school,
# family_information):
# - role: children_services
#   name: Children's services
#   phone: 01234 567890
#   source: {{title: Page it was read on, url: 'https://www.example.gov.uk/page'}}
contacts: []
# One fact looks like this:
# - id: {slug}.groups
#   topics: [support.peer_groups]
#   text: A group meets on the first Monday of the month. You can just turn up.
#   sources:
#   - {{title: Page it was read on, url: 'https://www.example.gov.uk/page'}}
entries: []
"""


def skeleton(authority: Authority, on: date) -> str:
    """The text of the file."""
    return SKELETON.format(name=authority.name, slug=authority.slug, short_name=authority.short_name, checked_on=on,
                           review_by=on + REVIEW_AFTER)
