"""The canvas's strokes to polylines and back."""

from mnist_lab.ui.strokes import fabric_objects, pen_width, polylines

LINES = [[(10.0, 20.0), (30.0, 40.5), (50.0, 20.0)], [(5.0, 5.0)]]


def test_polylines_come_back_from_the_canvas():
    back = polylines(fabric_objects(LINES, 18, "#ffffff"))
    assert back[0] == LINES[0]
    assert set(back[1]) == set(LINES[1])


def test_curves_are_read_by_their_ends():
    drawn = {"type": "Path", "path": [["M", 1, 2], ["Q", 3, 4, 5, 6], ["L", 7, 8]], "strokeWidth": 12}
    assert polylines([drawn]) == [[(1.0, 2.0), (5.0, 6.0), (7.0, 8.0)]]
    assert pen_width([drawn], 20) == 12


def test_no_stroke_has_the_default_pen():
    assert pen_width([], 20) == 20
    assert polylines([{"type": "Rect"}]) == []
