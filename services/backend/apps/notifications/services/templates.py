"""Templates of mails."""

from apps.notifications.catalogue import MAIL_KINDS, MailKind
from apps.notifications.models import EmailTemplate

PARTS = ("subject", "text", "html")


def templates_ensure() -> None:
    """Add the kinds of mail that have no row yet, with their first words. What staff wrote stays."""
    EmailTemplate.objects.bulk_create(
        [_first_words(kind) for kind in MAIL_KINDS.values()], ignore_conflicts=True
    )


def template_reset(*, template: EmailTemplate) -> None:
    """Go back to the first words."""
    for part in PARTS:
        setattr(template, part, MAIL_KINDS[template.key].default(part))
    template.save()


def template_find(*, key: str) -> EmailTemplate:
    """The words of a kind of mail; its first ones where the row is missing."""
    return EmailTemplate.objects.filter(key=key).first() or _first_words(MAIL_KINDS[key])


def _first_words(kind: MailKind) -> EmailTemplate:
    return EmailTemplate(key=kind.key, **{part: kind.default(part) for part in PARTS})
