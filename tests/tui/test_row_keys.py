import numpy as np
import pytest

from monitor.model.table import objects
from monitor.subjects.column import Names, Numbers
from tui.widgets.row_keys import RowKeys

TOPICS = Names(objects(["clicks", "orders"]), np.array([1, 1, 0, -1]))
PLACES = RowKeys(TOPICS, Numbers(np.array([0, 1, 0, np.nan])))


def test_places_are_a_sequence_of_keys() -> None:
    assert list(PLACES) == [("orders", 0), ("orders", 1), ("clicks", 0), (None, None)]
    assert list(PLACES[1:3]) == [("orders", 1), ("clicks", 0)]
    assert len(PLACES) == 4
    assert ("clicks", 0) in PLACES
    assert ("clicks", 1) not in PLACES


def test_a_key_is_found_where_a_list_would_find_it() -> None:
    for key in PLACES:
        assert PLACES.index(key) == list(PLACES).index(key)
    assert PLACES.index(("clicks", 0), 1) == 2
    for missing in (("orders", 2), ("payments", 0)):
        with pytest.raises(ValueError, match="no row"):
            PLACES.index(missing)
    with pytest.raises(ValueError, match="no row"):
        PLACES.index(("orders", 0), 1)


def test_a_key_of_one_column_is_its_value() -> None:
    keys = RowKeys(TOPICS)
    assert list(keys) == ["orders", "orders", "clicks", None]
    assert (keys.index("clicks"), keys.index(None)) == (2, 3)
