"""Muscles seen from behind: name -> (depth layer, shape), one half in half coordinates."""

from __future__ import annotations

from dev.chart.figure import SOLE_AT, arm
from dev.chart.geometry import Shape, blob, place, poly, strap

NECK: dict[str, tuple[int, Shape]] = {
    "occipitofrontalis": (
        0,
        poly("2.6,101 9,101.8! 18,100.6! 27,96.4! 34,88.6 36,80 31.6,79.6! 24,82! 14,84! 3.4,84.6"),
    ),
    "trapezius_upper": (
        0,
        poly(
            "0,100 7,101.4 13,111! 18,122! 23.4,133.4! 29,142.6! 36,150.6! 46,157.2! 60,162.8! 78,167.4! 96,172.8 "
            "88,174.6! 72,172! 54,168! 36,161.6! 14,153.6! 0,150"
        ),
    ),
    "splenius_capitis": (1, poly("29,95 35.4,103 33,113! 24,131! 14,147! 4,163 0,163 0,136 9,126! 17,113! 23,101!")),
    "splenius_cervicis": (2, strap("25,120 18,142 9,165 2,187", 7, blunt=0.6)),
    "semispinalis_capitis": (2, poly("1,104 16,104 18,118! 15,150! 14,184 8,184 5,150! 2,125!")),
    "semispinalis_cervicis": (3, poly("1,122 6,124 10,150! 15,192 9,192 3,155!")),
    "multifidus_cervical": (3, strap("3,122 5,136 6,150 4,166", 6, blunt=0.6)),
    "suboccipitals": (3, poly("3,105.4 13,103.6! 25,104.4 30,111.4 24,119.6! 14,123.2! 4,124.4 6.4,114!")),
    "levator_scapulae": (1, strap("28,112 25,135 27,155 32,179", 8.4, blunt=0.7)),
    "scm_clavicular": (1, strap("33,102 31.5,114 30,126 29,140", 6)),
    "scalenes": (2, strap("26,126 27,140 29,152 33,164", 6)),
}
BACK_SHOULDER: dict[str, tuple[int, Shape]] = {
    "trapezius_middle": (
        0,
        poly(
            "0,151 14,155! 34,162.6! 56,169.4! 76,173.6! 95.6,175 84,180! 66,185.4! 48,189.8! 34,193 16,191.4! 0,190.4"
        ),
    ),
    "trapezius_lower": (0, poly("0,191.4 16,192.6! 34,194 47,190.8 43,202! 34,222! 22,248! 11,276! 2,304 0,304")),
    "rhomboids": (1, poly("1,152 34,182! 36,206! 38,238 28,226! 1,190")),
    "serratus_posterior_superior": (2, poly("1,148 24,160! 46,176 48,198 24,184! 1,172")),
    "supraspinatus": (1, poly("34,184 42,176! 64,175! 92,178 96,184 72,184! 42,193! 35,193")),
    "infraspinatus": (1, poly("35,196 56,190! 82,184 97,188 84,200! 62,224! 44,238 38,222!")),
    "teres_minor": (1, strap("56,233 70,218 84,202 98,192", 9)),
    "teres_major": (1, strap("48,244 62,235 78,224 92,216", 12)),
    "latissimus_dorsi": (
        0,
        poly("1,238 30,240! 56,242! 74,228! 90,216 94,222 80,236! 74,270! 66,318! 62,352 46,362 20,378 1,384 12,320!"),
    ),
    "deltoid_posterior": (0, poly("46,193 72,185! 92,178 100,190! 104,215! 108,248 94,226! 76,206!")),
    "deltoid_middle": (0, poly("93,172 104,178 115,200! 118,228! 110,250 106,215! 101,190!")),
}
BACK_DEEP: dict[str, tuple[int, Shape]] = {
    "serratus_posterior_inferior": (1, poly("1,292 56,264! 64,268 64,300 56,310! 1,330")),
    "iliocostalis_thoracis": (2, strap("30,176 32,215 34,260 32,304", 11, blunt=0.5)),
    "longissimus_thoracis": (2, strap("16,170 20,220 22,280 19,340 15,385", 13, blunt=0.5)),
    "multifidus_thoracic": (3, strap("5,160 7,205 8,250 7,304", 9, blunt=0.6)),
    "iliocostalis_lumborum": (2, strap("36,268 34,305 30,345 22,392", 11, blunt=0.6)),
    "multifidus_lumbar": (3, poly("2,306 8,306 13,345! 20,384 12,416 2,420")),
    "quadratus_lumborum": (3, poly("16,304 32,300 38,330! 50,362 28,374 20,340!")),
    "external_oblique": (1, poly("56,300 72,292 68,320! 66,346! 72,370 60,364 56,340!")),
    "intercostals": (3, poly("26,172 48,190! 66,230! 72,270 66,300 40,304 32,250!")),
}
HIP: dict[str, tuple[int, Shape]] = {
    "gluteus_medius": (1, poly("28,374 46,362! 72,368 84,396! 88,430 80,438 62,414! 36,392!")),
    "gluteus_minimus": (2, poly("44,386 64,380! 78,392 84,420! 84,436 70,424! 54,406!")),
    "gluteus_maximus": (
        0,
        poly("24,380 40,388! 64,404! 80,424! 83,460! 80,494 70,499! 62,481! 40,490! 10,486! 3,460 14,425! 16,400!"),
    ),
    "piriformis": (2, poly("14,398 18,416 50,428! 82,430 82,424 56,414! 32,400!")),
    "obturator_internus_gemelli": (3, poly("18,440 32,434! 82,430 82,438 50,446! 24,456 16,450!")),
    "levator_ani": (3, poly("2,436 8,440 20,450 16,468 6,476 2,474")),
}
THIGH: dict[str, tuple[int, Shape]] = {
    "adductor_magnus": (2, poly("14,470 26,470 44,510! 52,560! 30,616 26,616 26,575! 14,515!")),
    "gracilis": (1, strap("6,482 12,520 20,575 25,630 28,668", 7, blunt=0.6)),
    "biceps_femoris": (0, strap("30,474 44,515 56,565 63,610 68,654", 18, blunt=0.35)),
    "semitendinosus_semimembranosus": (0, strap("26,476 31,520 34,565 31,615 29,664", 18, blunt=0.35)),
    "vastus_lateralis": (1, poly("80,448 88,476! 85,520! 76,590 70,596 74,540! 74,490!")),
    "popliteus": (3, poly("63,644 66,650 52,664! 36,682 28,676 40,654!")),
}
ARM: dict[str, tuple[int, Shape]] = {
    "triceps_brachii": (0, poly("28,212! 60,220 76,245 78,285 62,320 50,342! 34,320 18,285 16,245", arm)),
    "anconeus": (0, poly("74,336 52,346 44,368 58,356", arm)),
    "brachioradialis": (1, strap("94,304 95,335 97,375", 7, arm)),
    "extensor_carpi_radialis_longus": (0, strap("88,310 90,340 88,375 84,410", 9, arm)),
    "extensor_carpi_radialis_brevis": (0, strap("80,336 80,365 78,395 76,425", 8, arm)),
    "extensor_digitorum": (0, strap("74,340 66,370 58,405 54,455", 12, arm, 0.4)),
    "extensor_carpi_ulnaris": (0, strap("68,342 48,375 34,410 22,455", 8, arm, 0.5)),
    "flexor_carpi_ulnaris": (0, strap("12,344 12,375 12,410 14,450", 8, arm, 0.5)),
    "supinator": (2, strap("82,344 74,366 76,390", 16, arm)),
    "extensor_indicis": (2, strap("46,400 54,420 58,440 62,466", 9, arm)),
    "interossei_manus": (1, poly("132,480 152,476 166,494 162,508 146,512 133,510")),
    "abductor_digiti_minimi_manus": (1, strap("126,468 125.5,482 126.5,496 129,512", 6)),
}
LEG: dict[str, tuple[int, Shape]] = {
    "gastrocnemius_medial": (0, blob("36,640 42,660 47,700 46,745 36,754 26,738 22,705 25,670")),
    "gastrocnemius_lateral": (0, blob("57,640 67,662 74,700 70,735 58,746 50,738 49,700 51,662")),
    "soleus": (1, poly("62,668 72,690! 74,725! 66,765 52,790! 50,815 46,815 44,790! 30,765 24,730! 32,690")),
    "tibialis_posterior": (3, strap("48,672 47,710 43,755 35,826", 12, blunt=0.35)),
    "flexor_digitorum_longus": (2, strap("37,690 33,725 32,765 33,826", 9, blunt=0.4)),
    "flexor_hallucis_longus": (2, strap("60,712 57,745 51,785 38,832", 11, blunt=0.35)),
    "fibularis_longus": (0, strap("70,656 75,690 74,725 68,770", 8, blunt=0.4)),
    "fibularis_brevis": (1, strap("69,730 66,765 62,800 61,838", 8, blunt=0.5)),
}
SOLE: dict[str, tuple[int, Shape]] = {
    "abductor_hallucis": (0, strap("-8,-58 -15,-32 -19,0 -26,36", 11)),
    "flexor_digitorum_brevis": (0, poly("-4,-56 10,-56 14,-20! 16,22 -4,26 -6,-20!")),
    "abductor_digiti_minimi_pedis": (0, strap("14,-56 17,-28 21,4 23,34", 9)),
    "quadratus_plantae": (1, poly("-6,-50 12,-50 12,-25! 8,-2 -3,-2 -8,-25!")),
    "flexor_hallucis_brevis": (1, strap("-4,-4 -11,14 -17,30 -19,44", 13, blunt=0.5)),
    "adductor_hallucis": (2, poly("8,-4 12,4 -4,24! 20,28 22,34 -6,38! -18,44 -16,36 -8,18!")),
    "interossei_pedis": (3, poly("-10,6 16,4 23,34 8,40 -10,42")),
}
BACK: dict[str, tuple[int, Shape]] = {
    **NECK,
    **BACK_SHOULDER,
    **BACK_DEEP,
    **HIP,
    **THIGH,
    **ARM,
    **LEG,
    **{name: (depth, place(shape, 1, *SOLE_AT)) for name, (depth, shape) in SOLE.items()},
}
NECK_CROP = [
    *NECK,
    "trapezius_middle",
    "trapezius_lower",
    "rhomboids",
    "serratus_posterior_superior",
    "supraspinatus",
    "infraspinatus",
    "teres_minor",
    "deltoid_posterior",
    "deltoid_middle",
    "iliocostalis_thoracis",
    "longissimus_thoracis",
    "multifidus_thoracic",
]
