"""
The direction of fibres in the muscles of the close-ups: muscle -> edges from one end to the other, and how many.

Fibres lie evenly between one edge and the next. Half coordinates, and those of the profile for the heads; all edges of
a muscle have the same number of nodes.
"""

from __future__ import annotations

from dev.chart.geometry import Node, Shape, nodes

Fibres = dict[str, tuple[int, tuple[str, ...]]]

BACK: Fibres = {
    "occipitofrontalis": (9, ("4.6,99.8 5,93 5.4,86", "18,99 18,92 17.6,85", "32.4,89.6 33,86 33.4,81")),
    "trapezius_upper": (
        9,
        ("6,102 13,113 22,133 33,149 50,160 93,172.4", "0,149 12,152.6 28,158 44,164 64,170 90,174"),
    ),
    "trapezius_middle": (
        8,
        ("0,152 20,158 40,165 60,170.6 78,174 93,174.8", "0,189 10,190 18,190.6 26,191.4 31,192 34,192.6"),
    ),
    "trapezius_lower": (
        8,
        ("0,192 10,193 20,193.6 28,194 36,193.6 44,192", "2,302 8,284 14,266 22,246 32,224 43,196"),
    ),
    "splenius_capitis": (7, ("0,138 9,128 16,116 22,104", "3,162 14,147 24,130 34,104")),
    "levator_scapulae": (4, ("25,112 22,134 23.6,156 29,178", "31,112 28.4,135 30.4,154 35,178")),
    "suboccipitals": (6, ("5,107 13,105 25,107", "6,122 14,121.4 25,116")),
    "rhomboids": (9, ("1,153 18,168 34,184", "1,189 18,206 37,236")),
    "supraspinatus": (5, ("36,186 60,178 92,179", "38,192 64,186 94,183")),
    "infraspinatus": (8, ("36,197 64,189 96,189", "44,236 62,222 94,194")),
    "deltoid_posterior": (6, ("50,192 76,205 107,246", "92,179 101,202 108,246")),
    "deltoid_middle": (5, ("94,174 102,205 110,248", "104,178 115,205 116,246")),
}
FRONT: Fibres = {
    "occipitofrontalis": (8, ("4,59 4,46 4.6,35", "17,57.4 16.4,46 14,35", "31,61 31,53 28,45")),
    "temporalis": (5, ("31.6,82 30.6,64 32,46", "34,82 38,66 36.4,50")),
    "masseter": (5, ("26,88 25,98 27.4,110", "34.8,86 36,97 31.4,111")),
    "scm_sternal": (4, ("27,114 21.4,140 12.6,160 4,175.4", "31.4,114 26.4,141 17.4,162 8,176.6")),
    "scm_clavicular": (4, ("27.6,116 25.4,140 21.8,160 18.6,174", "33,116 31.8,140 28.4,160 25.4,174")),
    "trapezius_upper": (4, ("29.4,141 36,152 54,160.6 88,170.6", "30,149 38,161.6 56,168.6 84,172.6")),
    "pectoralis_major": (8, ("13,184 40,180 70,184 97,206", "16,249 44,251 74,234 99,222")),
    "pectoralis_minor": (4, ("74,187 58,205 40,228", "77,190 68,212 60,237")),
    "deltoid_anterior": (6, ("60,173 74,184 92,206 107,242", "95,178 101,196 105,214 108.6,240")),
    "deltoid_middle": (5, ("93,173 102,205 110,247", "104,178 115,205 116,246")),
}
HEAD: Fibres = {
    "occipitofrontalis": (7, ("64,142 67,118 86,78 108,56", "116,138 119,112 117,90 114,58")),
    "temporalis": (
        12,
        ("157,192 148,168 139,134 148,104", "163,190 166,160 176,120 188,84", "172,180 198,164 226,158 246,128"),
    ),
    "masseter": (6, ("140,206 145,240 153,279", "175,200 179,232 171,274")),
    "scm_sternal": (4, ("215,224 206,262 195,310 182,402", "230,224 221,262 210,312 193,402")),
    "scm_clavicular": (4, ("226,230 223,268 217,310 213,402", "238,230 236,268 231,312 228,402")),
    "trapezius_upper": (8, ("293,218 277,262 284,320 326,402", "290,224 274,264 269,318 240,402")),
    "splenius_capitis": (6, ("233,226 241,262 261,310 279,350", "254,216 268,262 275,320 280,350")),
    "levator_scapulae": (4, ("226,246 230,290 236,338 258,396", "238,246 242,290 250,338 273,396")),
    "suboccipitals": (5, ("246,226 256,242 262,262", "280,226 271,246 264,263")),
}


def lines_of(muscle: str, fibres: Fibres) -> list[Shape]:
    """Return the fibres of a muscle; none where no direction is given."""
    if muscle not in fibres:
        return []
    count, texts = fibres[muscle]
    edges = [nodes(text) for text in texts]
    spans = len(edges) - 1
    lines = []
    for index in range(count):
        place = (index + 0.5) / count * spans
        span = min(int(place), spans - 1)
        lines.append(_between(edges[span], edges[span + 1], place - span))
    return lines


def _between(one: Shape, other: Shape, share: float) -> Shape:
    return [Node(a.x + (b.x - a.x) * share, a.y + (b.y - a.y) * share) for a, b in zip(one, other, strict=True)]
