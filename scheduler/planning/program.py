"""An integer program, built column by column and solved by HiGHS."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import highspy
import numpy as np

UNLIMITED = math.inf


@dataclass(frozen=True, slots=True)
class Answer:
    """The columns that are 1. `proved`: nothing better exists; else time ran out. `bound` is what the best may cost."""

    ones: frozenset[int]
    cost: float
    bound: float
    proved: bool


class _Silent(highspy.Highs):
    """HiGHS greets on standard output as soon as callbacks are set, that is, while it is being made."""

    def enableCallbacks(self) -> None:  # noqa: N802 - its name
        self.setOptionValue("output_flag", False)


@dataclass(slots=True)
class Program:
    """Minimise the cost of columns that are 0 or 1, under rows that are at most (or exactly) so much."""

    costs: list[float] = field(default_factory=list)
    _amounts: set[int] = field(default_factory=set)
    _rows: dict[tuple[tuple[int, int], ...], list[int]] = field(default_factory=dict)

    def column(self, cost: float) -> int:
        self.costs.append(cost)
        return len(self.costs) - 1

    def amount(self, cost: float) -> int:
        """A column that is any number from 0: what is paid for, unit by unit."""
        self._amounts.add(self.column(cost))
        return len(self.costs) - 1

    def at_most(self, terms: Mapping[int, int], most: int) -> None:
        """Σ units × column ≤ most; said only if it says something, and of several such the strictest."""
        worst = sum(units if column not in self._amounts else UNLIMITED for column, units in terms.items() if units > 0)
        if worst > most:
            key = tuple(sorted(terms.items()))
            row = self._rows.setdefault(key, [-(1 << 30), most])
            row[1] = min(row[1], most)

    def exactly(self, terms: Mapping[int, int], value: int) -> None:
        self._rows[tuple(sorted(terms.items()))] = [value, value]

    def solve(self, seconds: float, start: Iterable[int] = ()) -> Answer | None:
        """The best found within `seconds`, beginning with columns known to be possible; None: nothing.

        Costs are taken to be whole numbers: a bound less than 1 below the cost is a proof.
        """
        highs = self._highs(seconds, integers=True)
        if known := set(start):
            solution = highspy.HighsSolution()
            solution.col_value = [float(column in known) for column in range(len(self.costs))]
            solution.value_valid = True
            highs.setSolution(solution)
        highs.run()
        info = highs.getInfo()
        if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
            return None
        values = highs.getSolution().col_value
        ones = frozenset(column for column, value in enumerate(values) if value > 0.5 and column not in self._amounts)
        proved = highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
        return Answer(ones, info.objective_function_value, info.mip_dual_bound, proved)

    def floor(self, seconds: float) -> float:
        """What every answer costs at least, by relaxing the columns to fractions; minus infinity when time is short.

        A solver without exact arithmetic is only nearly right, so its prices y ≥ 0 of the rows are not believed but
        used: b·y + Σ min(0, c - Aᵀy) u, here with the signs of `at_most`, is a lower bound whatever y is (weak
        duality), and is summed up here. Amounts, which have no upper limit u, take no part: their prices are cut down
        until they cost nothing.
        """
        highs = self._highs(seconds, integers=False)
        highs.run()
        duals = np.array(highs.getSolution().row_dual)
        if duals.size != len(self._rows):
            return -UNLIMITED
        prices = np.maximum(0.0, -duals)
        reduced = np.array(self.costs, np.float64)
        total = 0.0
        for price, (row, (low, high)) in zip(prices, self._rows.items(), strict=True):
            if price == 0 or low == high or any(column in self._amounts for column, _ in row):
                continue
            total -= price * high
            for column, units in row:
                reduced[column] += price * units
        reduced[list(self._amounts)] = 0.0
        return total + float(np.minimum(0.0, reduced).sum())

    def _highs(self, seconds: float, *, integers: bool) -> highspy.Highs:
        highs = _Silent()  # type: ignore[no-untyped-call]
        for name, value in (
            ("threads", 1),
            ("parallel", "off"),
            ("time_limit", seconds),
            # The default of 1e-4 hides small costs beside the weight of a lesson.
            ("mip_rel_gap", 0.0),
            ("mip_abs_gap", 0.5),
        ):
            highs.setOptionValue(name, value)
        highs.passModel(self._model(integers=integers))
        return highs

    def _model(self, *, integers: bool) -> highspy.HighsLp:
        lp = highspy.HighsLp()
        count = len(self.costs)
        lp.num_col_, lp.num_row_ = count, len(self._rows)
        lp.col_cost_ = np.array(self.costs, np.float64)
        most = np.ones(count)
        most[list(self._amounts)] = highspy.kHighsInf
        lp.col_lower_, lp.col_upper_ = np.zeros(count), most
        if integers:
            whole, any_number = highspy.HighsVarType.kInteger, highspy.HighsVarType.kContinuous
            lp.integrality_ = [any_number if column in self._amounts else whole for column in range(count)]
        lp.row_lower_ = np.array([low for low, _ in self._rows.values()], np.float64)
        lp.row_upper_ = np.array([high for _, high in self._rows.values()], np.float64)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.cumsum([0, *(len(row) for row in self._rows)]).astype(np.int32)
        lp.a_matrix_.index_ = np.array([column for row in self._rows for column, _ in row], np.int32)
        lp.a_matrix_.value_ = np.array([units for row in self._rows for _, units in row], np.float64)
        return lp
