"""The drawn classroom: wall, blackboard, lectern and a teacher who sways, blinks, speaks and points at the board."""

from dataclasses import dataclass
from math import cos, sin, tau

import cv2
import numpy as np

from room_agent.capture.canvas import Colour, Image, Pen
from room_agent.capture.lessons import BLUE_CHALK, CHALK, PINK_CHALK, YELLOW_CHALK, Board, draw_triangle

BOX = (700, 130, 540, 590)  # what moves: x, y, width, height
_WIDTH, _HEIGHT = 1280, 720
_BOARD = (48, 44, 1232, 520)

_WALL: Colour = (222, 236, 242)
_DADO: Colour = (178, 205, 196)
_FLOOR: Colour = (128, 160, 184)
_FRAME: Colour = (58, 96, 142)
_BOARD_GREEN: Colour = (74, 92, 46)
_SKIN: Colour = (180, 208, 246)
_SKIN_SHADE: Colour = (150, 182, 228)
_HAIR: Colour = (44, 42, 52)
_JACKET: Colour = (150, 112, 44)
_JACKET_SHADE: Colour = (126, 92, 34)
_SHIRT: Colour = (245, 245, 250)
_WOOD: Colour = (92, 140, 190)
_WOOD_SHADE: Colour = (74, 116, 162)
_BLUSH: Colour = (158, 176, 246)
_LIPS: Colour = (84, 84, 206)


@dataclass(frozen=True, slots=True)
class Pose:
    """Offsets in pixels, angles in radians; `blink` and `mouth` 0 – 1."""

    sway: float
    nod: float
    arm: float
    blink: float
    mouth: float


def pose_at(phase: float, mouth: float) -> Pose:
    """`phase` runs 0 – 1 over the loop; whole numbers of cycles make it seamless."""
    return Pose(
        sway=9 * sin(tau * 3 * phase) + 4 * sin(tau * 7 * phase),
        nod=3 * sin(tau * 11 * phase) + 3 * mouth,
        arm=0.16 * sin(tau * 5 * phase) + 0.08 * sin(tau * 13 * phase),
        blink=max(0.0, cos(tau * 9 * phase) * 14 - 13),
        mouth=mouth,
    )


def draw_room() -> Image:
    image: Image = np.full((_HEIGHT, _WIDTH, 3), _WALL, np.uint8)
    image[560:672] = _DADO
    image[556:562] = (150, 182, 172)
    image[672:] = _FLOOR
    left, top, right, bottom = _BOARD
    cv2.rectangle(image, (left - 14, top - 14), (right + 14, bottom + 14), _FRAME, -1)
    cv2.rectangle(image, (left - 14, top - 14), (right + 14, bottom + 14), (44, 76, 116), 2)
    cv2.rectangle(image, (left, top), (right, bottom), _BOARD_GREEN, -1)
    cv2.rectangle(image, (left - 14, bottom + 14), (right + 14, bottom + 26), (80, 122, 172), -1)
    for x, colour in ((120, CHALK), (170, YELLOW_CHALK), (214, PINK_CHALK)):
        cv2.rectangle(image, (x, bottom + 8), (x + 34, bottom + 15), colour, -1)
    return image


def draw_board(room: Image, pen: Pen, board: Board) -> Image:
    image = room.copy()
    pen.write(image, "第三课  勾股定理", (84, 112), 46, CHALK, weight=600)
    cv2.line(image, (84, 130), (440, 130), CHALK, 2, cv2.LINE_AA)
    for number, (line, colour) in enumerate(board.lines):
        pen.write(image, line, (84, 206 + number * 66), 36, colour)
    draw_triangle(image, (590, 346), 34, board.stage, (CHALK, BLUE_CHALK, YELLOW_CHALK))
    return image


def draw_teacher(image: Image, pose: Pose) -> None:
    """Draw into a patch of `BOX`."""
    x = 322 + round(pose.sway)  # the body's axis
    y = 120 + round(pose.nod)  # the middle of the face
    _draw_hair_behind(image, x, y)
    _draw_body(image, x)
    _draw_pointing_arm(image, x, pose.arm)
    _draw_head(image, x, y, pose)
    _draw_lectern(image)
    hand = (x + 92, 408)
    cv2.ellipse(image, hand, (24, 15), 0, 0, 360, _SKIN, -1, cv2.LINE_AA)


def _draw_hair_behind(image: Image, x: int, y: int) -> None:
    cv2.ellipse(image, (x, y - 6), (82, 92), 0, 0, 360, _HAIR, -1, cv2.LINE_AA)
    _polygon(image, [(x - 80, y), (x + 80, y), (x + 70, y + 104), (x - 70, y + 104)], _HAIR)


def _draw_body(image: Image, x: int) -> None:
    _polygon(image, [(x - 22, 180), (x + 22, 180), (x + 26, 236), (x - 26, 236)], _SKIN_SHADE)
    shoulders = [(x - 96, 262), (x - 40, 224), (x + 40, 224), (x + 96, 262), (x + 104, 440), (x - 104, 440)]
    _polygon(image, shoulders, _JACKET)
    cv2.circle(image, (x - 82, 266), 26, _JACKET, -1, cv2.LINE_AA)
    cv2.circle(image, (x + 82, 266), 26, _JACKET, -1, cv2.LINE_AA)
    _polygon(image, [(x - 34, 222), (x + 34, 222), (x, 318)], _SHIRT)
    _polygon(image, [(x - 24, 216), (x + 24, 216), (x, 252)], _SKIN_SHADE)
    for side in (-1, 1):
        _polygon(image, [(x + side * 38, 218), (x + side * 62, 236), (x, 330)], _JACKET_SHADE)
    cv2.circle(image, (x, 356), 5, _SHIRT, -1, cv2.LINE_AA)
    cv2.circle(image, (x, 400), 5, _SHIRT, -1, cv2.LINE_AA)
    # The arm that rests on the lectern.
    _limb(image, (x + 90, 276), (x + 124, 350), 48, _JACKET_SHADE)
    _limb(image, (x + 124, 350), (x + 100, 398), 42, _JACKET_SHADE)


def _draw_pointing_arm(image: Image, x: int, angle: float) -> None:
    shoulder = (x - 84, 272)
    elbow = (round(shoulder[0] - 70 * cos(angle * 0.5)), round(shoulder[1] + 34 + 40 * sin(angle * 0.5)))
    wrist = (round(elbow[0] - 62 * cos(0.75 + angle)), round(elbow[1] - 76 * sin(0.75 + angle)))
    tip = (round(wrist[0] - 96 * cos(0.55 + angle)), round(wrist[1] - 84 * sin(0.55 + angle)))
    cv2.line(image, wrist, tip, (70, 120, 190), 6, cv2.LINE_AA)
    cv2.circle(image, tip, 5, (60, 60, 220), -1, cv2.LINE_AA)
    _limb(image, shoulder, elbow, 50, _JACKET_SHADE)
    _limb(image, elbow, wrist, 42, _JACKET_SHADE)
    cv2.circle(image, wrist, 25, _SHIRT, -1, cv2.LINE_AA)
    cv2.circle(image, (wrist[0] - 10, wrist[1] - 12), 22, _SKIN, -1, cv2.LINE_AA)


def _draw_head(image: Image, x: int, y: int, pose: Pose) -> None:
    for side in (-1, 1):
        cv2.ellipse(image, (x + side * 68, y + 14), (13, 19), 0, 0, 360, _SKIN_SHADE, -1, cv2.LINE_AA)
    cv2.ellipse(image, (x, y + 8), (67, 80), 0, 0, 360, _SKIN, -1, cv2.LINE_AA)
    # A fringe: the upper part of a circle, cut by a parting.
    cv2.ellipse(image, (x, y - 6), (74, 82), 0, 196, 344, _HAIR, -1, cv2.LINE_AA)
    _polygon(image, [(x - 70, y - 32), (x + 16, y - 74), (x - 58, y + 4)], _HAIR)
    _polygon(image, [(x + 70, y - 32), (x + 6, y - 74), (x + 60, y + 2)], _HAIR)
    for side in (-1, 1):
        cv2.ellipse(image, (x + side * 38, y + 36), (15, 9), 0, 0, 360, _BLUSH, -1, cv2.LINE_AA)
        eye = (x + side * 27, y + 8)
        cv2.ellipse(image, (eye[0], eye[1] - 24), (15, 6), 0, 190, 350, _HAIR, 3, cv2.LINE_AA)
        if pose.blink > 0.5:
            cv2.ellipse(image, eye, (11, 5), 0, 10, 170, _HAIR, 3, cv2.LINE_AA)
        else:
            cv2.ellipse(image, eye, (9, 12), 0, 0, 360, _HAIR, -1, cv2.LINE_AA)
            cv2.circle(image, (eye[0] - 3, eye[1] - 4), 3, (255, 255, 255), -1, cv2.LINE_AA)
        cv2.circle(image, eye, 22, (96, 96, 110), 2, cv2.LINE_AA)  # glasses
    cv2.line(image, (x - 6, y + 6), (x + 6, y + 6), (96, 96, 110), 2, cv2.LINE_AA)
    cv2.ellipse(image, (x, y + 32), (6, 4), 0, 20, 160, _SKIN_SHADE, 3, cv2.LINE_AA)
    opening = round(13 * pose.mouth)
    if opening >= 2:
        cv2.ellipse(image, (x, y + 54), (17 - opening // 4, opening), 0, 0, 360, (70, 60, 150), -1, cv2.LINE_AA)
        cv2.ellipse(image, (x, y + 54), (17 - opening // 4, opening), 0, 0, 360, _LIPS, 3, cv2.LINE_AA)
    else:
        cv2.ellipse(image, (x, y + 48), (20, 11), 0, 20, 160, _LIPS, 4, cv2.LINE_AA)


def _draw_lectern(image: Image) -> None:
    left, right, top = 210, 530, 420
    _polygon(image, [(left, top), (right, top), (right - 18, 590), (left + 18, 590)], _WOOD)
    cv2.rectangle(image, (left - 12, top - 16), (right + 10, top + 8), _WOOD_SHADE, -1)
    _polygon(image, [(left + 40, top + 40), (right - 40, top + 40), (right - 50, 560), (left + 50, 560)], _WOOD_SHADE)
    # Microphone on a goose neck, and an open book.
    cv2.ellipse(image, (left + 40, top - 16), (26, 92), 0, 180, 268, (70, 70, 74), 4, cv2.LINE_AA)
    cv2.ellipse(image, (left + 46, top - 108), (15, 10), -20, 0, 360, (58, 58, 62), -1, cv2.LINE_AA)
    spine = left + 214
    for outer, colour in ((spine - 44, _SHIRT), (spine + 44, (225, 230, 236))):
        page = [(outer, top - 20), (spine, top - 30), (spine, top - 16), (outer, top - 8)]
        _polygon(image, page, colour)


def _polygon(image: Image, points: list[tuple[int, int]], colour: Colour) -> None:
    cv2.fillPoly(image, [np.array(points)], colour, cv2.LINE_AA)


def _limb(image: Image, start: tuple[int, int], end: tuple[int, int], width: int, colour: Colour) -> None:
    cv2.line(image, start, end, colour, width, cv2.LINE_AA)
