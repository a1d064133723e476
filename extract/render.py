"""Values of any type into bytes, the same way whatever service they came from."""

import numpy as np

from extract.chips import Pixels, Values


def to_bytes(
    values: Values, scale_min: float | None, scale_max: float | None
) -> Pixels:
    """Shown as 0 at `scale_min` and as 255 at `scale_max`, linear, halves up.

    Without a range the values are bytes already and stay as they are.
    """
    if scale_min is None or scale_max is None:
        return values.astype(np.uint8, copy=False)
    share = (values.astype(np.float64) - scale_min) / (scale_max - scale_min)
    return np.floor(np.clip(np.nan_to_num(share), 0, 1) * 255 + 0.5).astype(np.uint8)
