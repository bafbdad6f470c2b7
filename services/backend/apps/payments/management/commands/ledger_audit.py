"""``manage.py ledger_audit``: does the ledger agree with the payments?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.payments.selectors import ledger_audit


class Command(BaseCommand):
    """Prints every disagreement; fails if there is one."""

    help = "Check that every ledger entry sums to zero and that balances match payments and refunds."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print findings."""
        findings = ledger_audit()
        for finding in findings:
            self.stdout.write(
                f"{finding.what} {finding.id}: {finding.expected} expected, {finding.found} found"
            )
        if findings:
            raise CommandError(f"{len(findings)} findings.")
        self.stdout.write("The ledger agrees with the payments.")
