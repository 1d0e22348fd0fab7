"""Why an arrangement is refused, where more is known of it than the reason."""

from __future__ import annotations

from ..errors import PictureError, Reason

OTHER_ORDER = (
    "The names of the leads stand in another order than on pages of this layout: use a page in one of the known orders."
)


class UnclearLayoutError(PictureError):
    """`bad_layout` where the best match of a page, of this `cost`, is not clear."""

    def __init__(self, cost: float) -> None:
        super().__init__(Reason.BAD_LAYOUT)
        self.cost = cost

    def __reduce__(self) -> tuple[type[UnclearLayoutError], tuple[float]]:  # type: ignore[override]
        return type(self), (self.cost,)


class OtherOrderError(PictureError):
    """`bad_layout` where names are read, in another order than on pages of the layout in which they stand."""

    def __init__(self) -> None:
        super().__init__(Reason.BAD_LAYOUT, OTHER_ORDER)

    def __reduce__(self) -> tuple[type[OtherOrderError], tuple[()]]:  # type: ignore[override]
        return type(self), ()
