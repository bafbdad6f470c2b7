"""Any sequence of refunds, failures and cancellations against the real arithmetic, in memory and in pennies.

The service does the same under a row lock, with the condition of an UPDATE in the place of ``_reserve``; that the
two agree is checked against the database in tests/integration/payments/test_refund_sequences.py.
"""

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from apps.payments.amounts import Line, Shares, line_shares, returned_shares, units_shares


@dataclass
class Made:
    """A refund by lines (what each returns, and how many units), or by amount."""

    amount: int
    lines: dict[int, tuple[int, Shares]] = field(default_factory=dict)
    standing: bool = True


class RefundSequences(RuleBasedStateMachine):
    """A paid order whose money goes back bit by bit."""

    @initialize(
        prices=st.lists(st.tuples(st.integers(1, 5), st.integers(0, 9_999)), min_size=1, max_size=5),
        shipping=st.integers(0, 999),
        tax=st.integers(0, 2_000),
        discount=st.integers(0, 100),
    )
    def pay(self, prices, shipping, tax, discount):
        self.lines = [Line(index, count, count * price) for index, (count, price) in enumerate(prices, 1)]
        goods = sum(line.total for line in self.lines)
        discount = goods * discount // 100
        self.wholes = line_shares(self.lines, discount=discount, shipping=shipping, tax=tax)
        self.whole = Shares(goods - discount, shipping, tax)
        self.captured = self.whole.total
        self.made: list[Made] = []

    def _standing(self) -> list[Made]:
        return [refund for refund in self.made if refund.standing]

    def _left(self) -> int:
        return self.captured - sum(refund.amount for refund in self._standing())

    def _reserve(self, refund: Made) -> None:
        if 0 < refund.amount <= self._left():
            self.made.append(refund)

    @rule(amount=st.integers(1, 20_000))
    def return_amount(self, amount):
        self._reserve(Made(amount))

    @rule(data=st.data())
    def return_lines(self, data):
        lines = {}
        for line in self.lines:
            past = [refund.lines[line.id] for refund in self._standing() if line.id in refund.lines]
            before, paid = sum(units for units, _ in past), sum((shares for _, shares in past), Shares())
            units = data.draw(st.integers(0, line.quantity - before))
            lines[line.id] = (
                units,
                units_shares(
                    self.wholes[line.id], quantity=line.quantity, units=units, before=before, paid=paid
                ),
            )
        self._reserve(Made(sum(shares.total for _, shares in lines.values()), lines))

    @rule()
    def cancel(self):
        self._reserve(Made(self._left()))

    @precondition(lambda self: bool(self.made and self._standing()))
    @rule(data=st.data())
    def fail(self, data):
        data.draw(st.sampled_from(self._standing())).standing = False

    @invariant()
    def never_more_than_was_captured(self):
        standing = self._standing() if hasattr(self, "made") else []
        if not standing:
            return
        assert self._left() >= 0
        parts = [shares for refund in standing for _, shares in refund.lines.values()]
        by_amount = sum(refund.amount for refund in standing if not refund.lines)
        returned = returned_shares(self.whole, by_lines=sum(parts, Shares()), by_amount=by_amount)
        assert returned.total == sum(refund.amount for refund in standing)
        assert returned.all_positive
        assert (self.whole - returned).all_positive


TestRefundSequences = RefundSequences.TestCase
TestRefundSequences.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)
