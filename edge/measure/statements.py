"""Findings in words: what the measurements of a page say by published criteria. Findings, never a diagnosis."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .measurements import Measurements
from .person import UNKNOWN_PERSON, Person, Sex

SCATTERED = 0.08
"""RR that changes from beat to beat by more than that share of its mean, in the mean, is irregular as in fibrillation. Chosen on the records of PTB-XL
in folds 1 to 8: there, with no P wave that repeats, it holds on 67 of 73 with fibrillation and on 20 of 1413 others (at 0.1 on 65 and 18)."""

FAST_PER_MIN = 100
"""Above that rate P may lie in T: where none can be looked for, none is seen."""

LEAST_PACED = 3
"""A rhythm is paced where so many beats come after a pacing spike."""

LEAST_S_MV = -0.03
"""An S wave is one from there on."""

LIMB = ("aVL", "I", "-aVR", "II", "aVF", "III")
CHEST = ("V1", "V2", "V3", "V4", "V5", "V6")
NEIGHBOURS = tuple(pair for leads in (LIMB, CHEST) for pair in zip(leads, leads[1:], strict=False))
"""Pairs of contiguous leads, the limb leads in Cabrera's order."""

THIRD = "AHA/ACCF/HRS recommendations for the standardization and interpretation of the electrocardiogram, part III, Circulation 119:e235, 2009"
FOURTH = "AHA/ACCF/HRS recommendations …, part IV, Circulation 119:e241, 2009"
FIFTH = "AHA/ACCF/HRS recommendations …, part V, Circulation 119:e251, 2009"
UDMI = "Fourth universal definition of myocardial infarction, Circulation 138:e618, 2018"
BRADYCARDIA = "2018 ACC/AHA/HRS guideline on bradycardia and conduction delay, Circulation 140:e382, 2019"
FIBRILLATION = "2020 ESC guidelines on atrial fibrillation, Eur. Heart J. 42:373, 2021"
CHOU = "Surawicz B., Knilans T., Chou's electrocardiography in clinical practice, 6th edition, 2008"


@dataclass(frozen=True)
class Statement:
    """One finding: `state` is "present", or "not_assessed" where a value that it needs could not be had; `values` are those that it rests on."""

    code: str
    text: str
    state: Literal["present", "not_assessed"]
    values: Mapping[str, Any]
    criterion: str
    source: str

    def to_dict(self) -> dict[str, Any]:
        """As in JSON."""
        return {
            "code": self.code,
            "text": self.text,
            "state": self.state,
            "values": {
                name: round(value, 3) if isinstance(value, float) else value for name, value in self.values.items()
            },
            "criterion": self.criterion,
            "source": self.source,
        }


class _Unknown(Exception):
    """A value that a criterion needs could not be had."""


@dataclass
class _Facts:
    """Measurements as criteria ask for them; what was asked for is kept."""

    measured: Measurements
    sex: Sex | None
    age: float | None
    asked: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        """A value by its name: `qrs_ms`, `beats.premature_wide`, `V1.r_mv`, `-aVR.st_j_mv` turned over.

        Raises
        ------
        _Unknown : it is None.
        """
        value = self._value(name)
        self.asked[name] = value
        if value is None:
            raise _Unknown(name)
        return value

    def _value(self, name: str) -> Any:
        owner, _, last = name.rpartition(".")
        if not owner:
            return getattr(self.measured, last)
        if owner in ("beats", "qtc_ms"):
            return (getattr(self.measured, owner) or {}).get(last)
        value = getattr(self.measured.leads.get(owner.lstrip("-")), last, None)
        return -value if owner.startswith("-") and value is not None else value

    def pairs(self, holds: Callable[[str], bool], pairs: Iterable[tuple[str, str]] = NEIGHBOURS) -> bool:
        """Whether both of two contiguous leads are so; the values of those that are so are kept alone.

        Raises
        ------
        _Unknown : of no pair whose leads are known, and one has a lead that is not.
        """
        found: dict[str, Any] = {}
        before, unknown = dict(self.asked), False
        for pair in pairs:
            self.asked.clear()
            try:
                if all([holds(lead) for lead in pair]):
                    found |= self.asked
            except _Unknown:
                unknown = True
        self.asked.clear()
        self.asked |= before | found
        if unknown and not found:
            raise _Unknown
        return bool(found)


def _own_rhythm(facts: _Facts) -> None:
    """Raises `_Unknown` where a pacemaker drives the heart: its rhythm is not the heart's own, nor are the shape of its complexes and what follows
    from that, bundle branch patterns, Q, ST and T."""
    count = (facts.measured.beats or {}).get("paced")
    if count:
        facts.asked["beats.paced"] = count
        raise _Unknown("beats.paced")


@dataclass(frozen=True)
class Rule:
    """A finding and when it is there; `of_own_rhythm` is one that cannot be told of a paced heart (`_own_rhythm`)."""

    code: str
    text: str
    criterion: str
    source: str
    holds: Callable[[_Facts], bool]
    of_own_rhythm: bool = False


def _net_mv(facts: _Facts, lead: str) -> float:
    """The highest and the lowest point of a QRS complex, added."""
    return facts[f"{lead}.r_mv"] + min(facts[f"{lead}.q_mv"], facts[f"{lead}.s_mv"])


def _span_mv(facts: _Facts, lead: str) -> float:
    """From the lowest to the highest point of a QRS complex."""
    return facts[f"{lead}.r_mv"] - min(facts[f"{lead}.q_mv"], facts[f"{lead}.s_mv"])


def _left_bundle(facts: _Facts) -> bool:
    wide = facts["qrs_ms"] >= 120 and _net_mv(facts, "V1") < 0
    return wide and all(_net_mv(facts, lead) > 0 and facts[f"{lead}.q_mv"] > -0.05 for lead in ("I", "V6"))


def _right_bundle(facts: _Facts) -> bool:
    wide = facts["qrs_ms"] >= 120 and _net_mv(facts, "V1") > 0
    return wide and facts["I.s_mv"] <= LEAST_S_MV and facts["V6.s_mv"] <= LEAST_S_MV


def _raised(facts: _Facts) -> bool:
    if facts.sex == "female":
        middle_mv = 0.15
    else:
        middle_mv = 0.2 if facts.sex == "male" and facts.age is not None and facts.age >= 40 else 0.25
    return facts.pairs(lambda lead: facts[f"{lead}.st_j_mv"] >= (middle_mv if lead in ("V2", "V3") else 0.1))


def _lowered(facts: _Facts) -> bool:
    def lead_is(lead: str) -> bool:
        first, later = facts[f"{lead}.st_j_mv"], facts[f"{lead}.st_60_mv"]
        return first <= -0.05 and later <= -0.05 and later <= first + 0.02

    return facts.pairs(lead_is)


def _pathological_q(facts: _Facts) -> bool:
    def lead_is(lead: str) -> bool:
        return bool(facts[f"{lead}.q_mv"] <= -0.1 and facts[f"{lead}.q_ms"] >= 30)

    pairs = [pair for pair in NEIGHBOURS if not {"V1", "V2", "V3", "-aVR"} & set(pair)] + [("I", "II")]
    septal = [
        lead for lead in ("V2", "V3") if facts[f"{lead}.r_mv"] == 0 or (lead_is(lead) and facts[f"{lead}.q_ms"] > 20)
    ]
    return bool(septal) or facts.pairs(lead_is, pairs)


def _inverted_t(facts: _Facts) -> bool:
    return facts.pairs(
        lambda lead: facts[f"{lead}.t_mv"] <= -0.1 and _net_mv(facts, lead.lstrip("-")) > 0 and lead != "-aVR"
    )


def _low_voltage(facts: _Facts) -> bool:
    return all(_span_mv(facts, lead) < 0.5 for lead in ("I", "II", "III", "aVR", "aVL", "aVF"))


def _reversed_arms(facts: _Facts) -> bool:
    return (
        abs(facts["axis_p_deg"]) > 90 and _net_mv(facts, "I") < 0 and facts["I.t_mv"] < 0 and _net_mv(facts, "V6") > 0
    )


def _sinus(facts: _Facts) -> bool:
    return bool(facts["p_wave"]) and -30 <= facts["axis_p_deg"] <= 90


def _fibrillation(facts: _Facts) -> bool:
    if facts.measured.p_wave is None and facts["qrs_ms"] and facts["rate_per_min"] > FAST_PER_MIN:
        return bool(facts["scatter"] > SCATTERED)
    return facts["scatter"] > SCATTERED and not facts["p_wave"]


def _narrow(facts: _Facts) -> bool:
    return facts["qrs_ms"] < 120


RULES = (
    Rule(
        "sinus_rhythm",
        "sinus rhythm",
        "a P wave before each QRS complex, its axis from -30 to 90 degrees",
        CHOU,
        _sinus,
        of_own_rhythm=True,
    ),
    Rule(
        "paced_rhythm",
        "paced rhythm",
        f"a pacing spike before {LEAST_PACED} beats or more",
        CHOU,
        lambda facts: facts["beats.paced"] >= LEAST_PACED,
    ),
    Rule("bradycardia", "bradycardia", "rate below 60 per minute", CHOU, lambda facts: facts["rate_per_min"] < 60),
    Rule("tachycardia", "tachycardia", "rate above 100 per minute", CHOU, lambda facts: facts["rate_per_min"] > 100),
    Rule(
        "irregular_without_p",
        "irregular, no P waves: suspected atrial fibrillation",
        f"RR changes from beat to beat by more than {SCATTERED:.0%} of its mean, in the mean, and no P wave repeats; above {FAST_PER_MIN} per minute also where T leaves no room for one",
        FIBRILLATION,
        _fibrillation,
        of_own_rhythm=True,
    ),
    Rule(
        "premature_narrow",
        "premature narrow beats",
        "a beat before 80 % of the median RR with the dominant complex or a narrow one",
        CHOU,
        lambda facts: facts["beats.premature_narrow"] > 0,
    ),
    Rule(
        "premature_wide",
        "premature wide beats",
        "a beat before 80 % of the median RR with another complex of 120 ms or more",
        CHOU,
        lambda facts: facts["beats.premature_wide"] > 0,
    ),
    Rule("pause", "pause", "an RR above 3 s", BRADYCARDIA, lambda facts: any(pause > 3 for pause in facts["pauses_s"])),
    Rule("long_pr", "first-degree AV block", "PR above 200 ms", BRADYCARDIA, lambda facts: facts["pr_ms"] > 200),
    Rule("short_pr", "short PR", "PR below 120 ms", CHOU, lambda facts: facts["pr_ms"] < 120),
    Rule("wide_qrs", "wide QRS complexes", "QRS of 120 ms or more", THIRD, lambda facts: facts["qrs_ms"] >= 120),
    Rule(
        "left_bundle_branch",
        "left bundle branch block pattern",
        "QRS of 120 ms or more, mostly negative in V1, mostly positive without Q in I and V6",
        THIRD,
        _left_bundle,
        of_own_rhythm=True,
    ),
    Rule(
        "right_bundle_branch",
        "right bundle branch block pattern",
        "QRS of 120 ms or more, mostly positive in V1, S in I and V6",
        THIRD,
        _right_bundle,
        of_own_rhythm=True,
    ),
    Rule(
        "left_axis",
        "left axis deviation",
        "QRS axis from -90 to -30 degrees",
        THIRD,
        lambda facts: -90 <= facts["axis_qrs_deg"] < -30,
    ),
    Rule(
        "right_axis",
        "right axis deviation",
        "QRS axis above 90 degrees",
        THIRD,
        lambda facts: facts["axis_qrs_deg"] > 90,
    ),
    Rule(
        "extreme_axis", "extreme axis", "QRS axis below -90 degrees", THIRD, lambda facts: facts["axis_qrs_deg"] < -90
    ),
    Rule(
        "long_qtc",
        "long QTc",
        "QTc (Framingham) of 450 ms or more in men, 460 in women and where the sex is not given; QRS below 120 ms",
        FOURTH,
        lambda facts: _narrow(facts) and facts["qtc_ms.framingham"] >= (450 if facts.sex == "male" else 460),
    ),
    Rule(
        "short_qtc",
        "short QTc",
        "QTc (Framingham) of 390 ms or less",
        FOURTH,
        lambda facts: facts["qtc_ms.framingham"] <= 390,
    ),
    Rule("low_voltage", "low voltage in the limb leads", "QRS below 0.5 mV in all limb leads", CHOU, _low_voltage),
    Rule(
        "left_ventricular_voltage",
        "voltage of left ventricular hypertrophy",
        "S in V1 and R in V5 or V6 of 3.5 mV or more, or R in aVL and S in V3 above 2.8 mV (2.0 in women)",
        FIFTH,
        lambda facts: facts["sokolow_lyon_mv"] >= 3.5 or facts["cornell_mv"] > (2.0 if facts.sex == "female" else 2.8),
    ),
    Rule(
        "st_elevation",
        "ST elevation",
        "at the J point in two contiguous leads, 0.1 mV or more; in V2 and V3 0.15 in women, 0.2 in men from 40 years, 0.25 in others",
        UDMI,
        _raised,
        of_own_rhythm=True,
    ),
    Rule(
        "st_depression",
        "ST depression",
        "horizontal or falling, 0.05 mV or more in two contiguous leads",
        UDMI,
        _lowered,
        of_own_rhythm=True,
    ),
    Rule(
        "pathological_q",
        "pathological Q waves",
        "QS in V2 or V3, or Q of 30 ms and 0.1 mV or more in two contiguous leads of the others",
        UDMI,
        _pathological_q,
        of_own_rhythm=True,
    ),
    Rule(
        "inverted_t",
        "T inversion",
        "0.1 mV or more in two contiguous leads whose QRS complex is mostly positive",
        UDMI,
        _inverted_t,
        of_own_rhythm=True,
    ),
    Rule(
        "reversed_arm_leads",
        "limb leads possibly reversed",
        "P, QRS and T negative in I, QRS positive in V6",
        CHOU,
        _reversed_arms,
    ),
)
"""All findings, in the order in which they are told."""


def statements(measured: Measurements, sex: Sex | None = None, age: float | None = None) -> tuple[Statement, ...]:
    """The findings that are there, and those that could not be assessed; none of those that are not there.

    Where sex or age (years) are not given, the least sensitive threshold is taken, as the criterion says.
    """
    found = []
    for rule in RULES:
        facts = _Facts(measured, sex, age)
        try:
            if rule.of_own_rhythm:
                _own_rhythm(facts)
            state: Literal["present", "not_assessed"] | None = "present" if rule.holds(facts) else None
        except _Unknown:
            state = "not_assessed"
        if state:
            found.append(Statement(rule.code, rule.text, state, facts.asked, rule.criterion, rule.source))
    return tuple(found)


def as_json(measured: Measurements, person: Person = UNKNOWN_PERSON) -> dict[str, Any]:
    """What JSON has under `measurements`: values and `statements`."""
    found = statements(measured, person.sex, person.age)
    return measured.to_dict() | {"statements": [each.to_dict() for each in found]}
