"""What stands on the drawn blackboard and slides: a lesson on Pythagoras' theorem (勾股定理)."""

from dataclasses import dataclass

import cv2
import numpy as np

from room_agent.capture.canvas import Colour, Image, Pen

CHALK: Colour = (236, 240, 238)
YELLOW_CHALK: Colour = (130, 226, 250)
PINK_CHALK: Colour = (190, 170, 245)
BLUE_CHALK: Colour = (240, 210, 150)
INK: Colour = (62, 48, 38)
GREEN: Colour = (96, 140, 46)
RED: Colour = (60, 76, 231)
BLUE: Colour = (190, 120, 40)
PAPER: Colour = (250, 252, 253)


@dataclass(frozen=True, slots=True)
class Board:
    """Lines written on the left, and how far the figure on the right of them has grown (0 – 3)."""

    lines: tuple[tuple[str, Colour], ...]
    stage: int


@dataclass(frozen=True, slots=True)
class Slide:
    """`marker` is the path of the pointer over the picture."""

    title: str
    lines: tuple[str, ...]
    stage: int
    marker: tuple[tuple[int, int], ...]


BOARDS = (
    Board((("直角三角形", CHALK), ("两条直角边：a、b", CHALK), ("斜边：c", YELLOW_CHALK)), 0),
    Board((("在两条直角边上", CHALK), ("各画一个正方形", CHALK), ("面积：a² 和 b²", PINK_CHALK)), 1),
    Board((("在斜边上", CHALK), ("也画一个正方形", CHALK), ("面积：c²", YELLOW_CHALK)), 2),
    Board((("勾三 股四 弦五", CHALK), ("3² + 4² = 9 + 16 = 5²", CHALK), ("a² + b² = c²", YELLOW_CHALK)), 3),
)

SLIDES = (
    Slide("今天学什么", ("认识直角三角形的三条边", "动手拼一拼，发现规律", "用规律算一算梯子有多长"), 0,
          ((240, 262), (240, 342), (240, 422))),
    Slide("拼一拼", ("两个小正方形：9 格、16 格", "大正方形：25 格", "9 + 16 = 25"), 2,
          ((820, 470), (960, 560), (1000, 330))),
    Slide("勾股定理", ("直角三角形两条直角边的", "平方和，等于斜边的平方", "a² + b² = c²"), 3,
          ((330, 422), (900, 470), (1000, 330))),
    Slide("练一练", ("梯脚离墙 3 米，梯顶高 4 米", "梯子长多少米？", "√(3² + 4²) = 5（米）"), 1,
          ((240, 262), (240, 342), (300, 422))),
)  # fmt: skip


def draw_triangle(image: Image, corner: tuple[int, int], unit: int, stage: int, colours: tuple[Colour, ...]) -> None:
    """The 3-4-5 triangle with its right angle at `corner` and, from stage 1 on, the squares on its sides.

    `colours`: outline, the squares on a and b, the square on c.
    """
    outline, legs, hypotenuse = colours
    x, y = corner
    a, b = 3 * unit, 4 * unit
    top, right = (x, y - a), (x + b, y)
    if stage >= 1:
        _grid(image, np.array([(x - a, y - a), (x, y - a), (x, y), (x - a, y)]), 3, legs)
        _grid(image, np.array([(x, y), (x + b, y), (x + b, y + b), (x, y + b)]), 4, legs)
    if stage >= 2:
        # The outward normal of the hypotenuse, as long as the hypotenuse itself.
        _grid(image, np.array([top, (x + a, y - a - b), (x + b + a, y - b), right]), 5, hypotenuse)
    cv2.polylines(image, [np.array([(x, y), top, right])], True, outline, 4, cv2.LINE_AA)
    mark = unit // 2
    right_angle = np.array([(x, y - mark), (x + mark, y - mark), (x + mark, y)])
    cv2.polylines(image, [right_angle], False, outline, 2, cv2.LINE_AA)


def draw_slide(pen: Pen, slide: Slide, width: int, height: int) -> Image:
    image: Image = np.full((height, width, 3), PAPER, np.uint8)
    image[:120] = GREEN
    image[120:126] = (80, 190, 240)
    pen.write(image, slide.title, (72, 82), 52, PAPER, weight=700)
    pen.write(image, "数学 · 八年级", (width - 260, 78), 28, (214, 232, 222))
    for number, line in enumerate(slide.lines):
        y = 276 + number * 80
        cv2.circle(image, (92, y - 14), 9, RED, -1, cv2.LINE_AA)
        pen.write(image, line, (124, y), 38, INK, weight=600 if number == len(slide.lines) - 1 else 400)
    draw_triangle(image, (850, 466), 38, slide.stage, (INK, BLUE, RED))
    page = SLIDES.index(slide)
    for number in range(len(SLIDES)):
        colour = GREEN if number == page else (214, 220, 222)
        cv2.circle(image, (width - 150 + number * 32, height - 28), 8, colour, -1, cv2.LINE_AA)
    return image


def _grid(image: Image, square: np.ndarray[tuple[int, ...], np.dtype[np.int64]], cells: int, colour: Colour) -> None:
    """A filled, ruled parallelogram given by its four corners in order."""
    fill = image.copy()
    cv2.fillPoly(fill, [square], colour, cv2.LINE_AA)
    cv2.addWeighted(fill, 0.28, image, 0.72, 0, dst=image)
    first, second, third, fourth = square
    for i in range(cells + 1):
        t = i / cells
        for start, end in ((first + (second - first) * t, fourth + (third - fourth) * t),
                           (first + (fourth - first) * t, second + (third - second) * t)):  # fmt: skip
            ends = [(round(float(point[0])), round(float(point[1]))) for point in (start, end)]
            cv2.line(image, ends[0], ends[1], colour, 3 if i in (0, cells) else 1, cv2.LINE_AA)
