"""What records of other hospitals say of a heart, as targets of the page model's findings: 1, 0, or NaN where a source does not say.

Each source knows other things, and what it does not know must train nothing: labels, devices and filters go by source.
"""

import numpy as np

from ecg_edge.layout import CLASSES

FINDINGS = ("not_normal", "infarction", "fibrillation", "conduction", "hypertrophy", "repolarisation", "ectopy")
"""Anything but a normal ECG; infarction, acute or old; atrial fibrillation or flutter; conduction disturbed within the ventricles;
hypertrophy; ST and T changes; premature beats."""

SURE_LIKELIHOOD = 50
DOUBTFUL = 0.7
"""PTB-XL's infarctions of a lesser likelihood count as so much of one: some rest on 15 %."""
_SUPERCLASS = {"infarction": "MI", "conduction": "CD", "hypertrophy": "HYP", "repolarisation": "STTC"}
_ECTOPIC = {"PVC", "PAC", "BIGU", "TRIGU"}
_FIBRILLATING = {"AFIB", "AFLT"}
_NOT_NORMAL_RHYTHM = _FIBRILLATING | {"PACE", "SVTAC", "PSVT", "BIGU", "TRIGU"}
_OVERCALLED = "ludb"
"""The source that calls 108 of its 200 people hypertrophic."""


def of_ptbxl(record):
    """(F,) targets of a `train.records.Record`."""
    codes, classes = record.codes, record.superclasses
    found = {name: float(superclass in classes) for name, superclass in _SUPERCLASS.items()}
    if found["infarction"] and infarction_likelihood(record) < SURE_LIKELIHOOD:
        found["infarction"] = DOUBTFUL
    found["fibrillation"] = float(bool(_FIBRILLATING & set(codes)))
    found["ectopy"] = float(bool(_ECTOPIC & set(codes)))
    odd = bool(_NOT_NORMAL_RHYTHM & set(codes))
    if "NORM" in classes:
        found["not_normal"] = 0.0 if classes == ("NORM",) and not odd else np.nan
    else:
        found["not_normal"] = 1.0 if classes or odd else np.nan
    return _in_order(found)


def infarction_likelihood(record):
    """The largest likelihood of an infarction among a PTB-XL record's codes, 0..100; 0 where there is none."""
    return max((chance for code, chance in record.codes.items() if _is_infarction(code)), default=0.0)


def _is_infarction(code):
    return code.endswith("MI") or code in ("INJAS", "INJAL", "INJIN", "INJLA", "INJIL")


def of_flags(flags, source):
    """(F,) targets of a `train.tables.Flags`."""
    found = {
        "not_normal": None if flags.norm is None else not flags.norm,
        "infarction": flags.mi,
        "fibrillation": _any(flags.af, flags.afl),
        # No bundle branch block is not yet conduction undisturbed.
        "conduction": _any(flags.lbbb, flags.rbbb) or None,
        "hypertrophy": None if source == _OVERCALLED else flags.lvh,
        "ectopy": _any(flags.pac, flags.pvc),
    }
    return _in_order({name: np.nan if said is None else float(said) for name, said in found.items()})


def of_class(label):
    """(F,) targets of a page's class: its readers say whether it is normal, and of what else they saw only infarctions."""
    old_or_new = {"normal": 0.0, "infarction": 1.0, "history": 1.0}
    return _in_order({"not_normal": float(label != "normal"), "infarction": old_or_new.get(label, np.nan)})


def allowed_of(findings):
    """(4,) bool: the pages' classes any one of which is right of a record with these findings; None where they say nothing of them."""
    known = dict(zip(FINDINGS, findings, strict=True))
    if known["infarction"] == 1:
        right = ("infarction", "history")
    elif known["not_normal"] == 0:
        right = ("normal",)
    elif known["not_normal"] == 1 or known["fibrillation"] == 1:
        right = ("abnormal", "infarction", "history")
    else:
        return None
    return np.isin(CLASSES, right)


def _any(*flags):
    """True where one is, False where all are, else None."""
    if True in flags:
        return True
    return False if all(flag is False for flag in flags) else None


def _in_order(found):
    return np.array([found.get(name, np.nan) for name in FINDINGS], np.float32)
