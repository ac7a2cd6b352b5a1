"""What drawn sources show: a teacher at the blackboard, and slides. A scene is a function of time that repeats after
`LOOP_S`; only what moves is drawn again."""

from math import pi, sin, tau
from typing import Protocol

import cv2
import numpy as np

from room_agent.capture import figure, lessons
from room_agent.capture.canvas import Canvas, Image, Pen
from room_agent.capture.framecode import draw_code

LOOP_S = 24.0  # every motion below has a whole number of cycles in it
WIDTH, HEIGHT = 1280, 720


class Scene(Protocol):
    canvas: Canvas

    def draw(self, time_s: float, mouth: float, counter: int) -> None:
        """Bring the canvas to `time_s`; `mouth` is how far it is open, 0 – 1; `counter` goes into the frame code."""


class TeacherScene:
    """A teacher explains the board, which changes every `LOOP_S / 4` seconds."""

    def __init__(self) -> None:
        pen = Pen()
        room = figure.draw_room()
        self._boards = [figure.draw_board(room, pen, board) for board in lessons.BOARDS]
        self._shown = 0
        self.canvas = Canvas(self._boards[0])

    def draw(self, time_s: float, mouth: float, counter: int) -> None:
        time_s %= LOOP_S
        board = int(time_s / LOOP_S * len(self._boards))
        if board != self._shown:
            self._shown = board
            self.canvas.show(self._boards[board])
        x, y, width, height = figure.BOX
        patch = self.canvas.patch(x, y, width, height)
        figure.draw_teacher(patch, figure.pose_at(time_s / LOOP_S, mouth))
        self.canvas.paste(x, y, patch)
        draw_code(self.canvas.luma, counter)


class SlidesScene:
    """Slides that change every `LOOP_S / 4` seconds, with a marker that circles what is spoken of."""

    def __init__(self) -> None:
        pen = Pen()
        self._slides = [lessons.draw_slide(pen, slide, WIDTH, HEIGHT) for slide in lessons.SLIDES]
        self._shown = 0
        self._marked: tuple[int, int] | None = None
        self.canvas = Canvas(self._slides[0])

    def draw(self, time_s: float, mouth: float, counter: int) -> None:
        progress = time_s % LOOP_S / LOOP_S * len(self._slides)
        slide = int(progress)
        if slide != self._shown:
            self._shown = slide
            self.canvas.show(self._slides[slide])
            self._marked = None
        self._move_marker(progress - slide, lessons.SLIDES[slide].marker)
        draw_code(self.canvas.luma, counter)

    def _move_marker(self, progress: float, path: tuple[tuple[int, int], ...]) -> None:
        size = 64
        if self._marked is not None:  # wipe the old one
            x, y = self._marked
            self.canvas.paste(x, y, self.canvas.patch(x, y, size, size))
        steps = np.linspace(0, 1, len(path))
        # Move in an eased way between the stations, resting at each.
        eased = progress - sin(tau * progress * (len(path) - 1)) / (tau * (len(path) - 1))
        x = round(float(np.interp(eased, steps, [point[0] for point in path]))) // 2 * 2 - size // 2
        y = round(float(np.interp(eased, steps, [point[1] for point in path]))) // 2 * 2 - size // 2
        patch: Image = self.canvas.patch(x, y, size, size)
        radius = 20 + round(3 * sin(4 * pi * progress))
        cv2.circle(patch, (size // 2, size // 2), radius, (60, 76, 231), 4, cv2.LINE_AA)
        self.canvas.paste(x, y, patch)
        self._marked = (x, y)
