"""Muscles seen from the front: name -> (depth layer, shape), one half in half coordinates."""

from __future__ import annotations

from dev.chart.figure import arm
from dev.chart.geometry import Shape, blob, poly, strap

HEAD_NECK: dict[str, tuple[int, Shape]] = {
    "occipitofrontalis": (0, poly("2.4,60 2.6,46! 3.4,33 12,32.6! 22,36! 29.4,45! 33,57.4 29.6,62.4 21,58.6! 12,59!")),
    "temporalis": (1, blob("32.4,42 37.8,50 39,62 37.4,74 33.6,84.6 30.6,78 29.6,64 30,50")),
    "masseter": (0, blob("27.2,84.6 34.6,84 37.4,92 36.2,102 32,113 26.4,112.8 22.6,106 24.2,95")),
    "pterygoid_lateral": (2, strap("20,92 27,89 34,88", 7, blunt=0.7)),
    "pterygoid_medial": (3, strap("21,92 25,102 29,111", 8, blunt=0.7)),
    "digastric": (1, strap("31,112 20,131 12,134 5,128", 4.5)),
    "scm_sternal": (0, strap("29.5,113 24,140 15,161 6,176", 7, blunt=0.6)),
    "scm_clavicular": (1, strap("30.5,114 28.5,140 25,160 22,174", 8, blunt=0.8)),
    "scalenes": (2, poly("20,130 24,131 28,146! 34,168 30,174 20,172 19,150!")),
    "longus_colli": (3, strap("5,118 7,140 6,160 3,182", 7)),
    "trapezius_upper": (
        0,
        poly("28.4,138 31,146! 36,152! 48,158.6! 64,164! 91,170.6 84,173 70,171.6! 56,169! 42,164.4! 34,158.6! 29,150"),
    ),
    "levator_scapulae": (2, strap("26,124 29,142 33,156 36,166", 6)),
}
TRUNK: dict[str, tuple[int, Shape]] = {
    "subclavius": (2, strap("14,181 34,180 56,175", 6)),
    "pectoralis_major": (
        0,
        poly("11,184 26,178! 58,177! 72,182 98,208! 100,224 84,228! 70,238! 40,254! 14,250 9,215!"),
    ),
    "pectoralis_minor": (1, poly("74,183 78,188 70,208! 62,238 48,240 36,228 56,202!")),
    "deltoid_anterior": (0, poly("58,172 78,172 98,178 103,205! 109,245 98,226! 82,202! 66,186!")),
    "deltoid_middle": (0, poly("92,171 104,177 115,200! 118,228! 111,248 105,215! 98,184!")),
    "subscapularis": (3, poly("88,190 84,202 74,226! 58,246 46,238 44,206! 60,188 76,188!")),
    "coracobrachialis": (1, strap("76,186 86,220 95,256 102,284", 9)),
    "serratus_anterior": (1, poly("64,206 74,236! 76,268! 70,296 56,296 60,280 52,276 58,262 50,256 57,242!")),
    "intercostals": (2, poly("12,206 40,200 66,214 72,250! 70,288 52,290 34,272! 12,252 14,228!")),
    "diaphragm": (3, poly("0,256 20,246! 44,246! 66,268 68,296! 60,310 44,312 28,294! 10,270! 0,266")),
    "rectus_abdominis": (0, poly("2,268 14,258 34,264 38,300! 36,350! 28,410! 10,460 2,462")),
    "external_oblique": (0, poly("38,272 56,284 72,288 69,315! 66,345! 74,380 60,396! 34,430 38,390! 42,350! 42,306!")),
    "iliopsoas": (2, poly("6,300 14,300 24,350! 36,378 66,384 60,414! 50,450 44,482 36,490 38,452! 24,405! 10,350!")),
    "levator_ani": (3, poly("1,462 16,456 20,466 9,476 1,476")),
}
ARM: dict[str, tuple[int, Shape]] = {
    "biceps_brachii": (0, strap("52,208 45,235 46,270 48,305 55,345", 15, arm, 0.4)),
    "brachialis": (1, strap("62,258 56,285 54,315 52,352", 25, arm, 0.4)),
    "triceps_brachii": (2, strap("18,238 12,262 12,290 16,318", 10, arm)),
    "brachioradialis": (0, strap("90,302 88,340 82,380 84,415 88,450", 12, arm, 0.35)),
    "extensor_carpi_radialis_longus": (0, strap("96,312 97,345 94,385", 9, arm)),
    "supinator": (2, strap("86,346 70,362 62,384", 13, arm)),
    "pronator_teres": (0, strap("12,336 34,356 58,378 78,394", 10, arm)),
    "flexor_carpi_radialis": (0, strap("10,340 30,372 48,405 64,455", 8, arm)),
    "palmaris_longus": (0, strap("8,341 20,375 34,408 48,455", 7, arm)),
    "flexor_carpi_ulnaris": (0, strap("6,342 6,380 10,415 16,455", 7.5, arm)),
    "flexor_digitorum": (1, strap("14,346 26,375 34,410 40,455", 20, arm, 0.5)),
    "flexor_pollicis_longus": (2, strap("62,378 66,405 66,430 64,455", 11, arm)),
}
HAND: dict[str, tuple[int, Shape]] = {
    "opponens_pollicis": (0, poly("141,468 154,467 167,484! 163,494 150,484!")),
    "adductor_pollicis": (1, poly("142,478 147,512 152,506 172,497 166,490! 154,484!")),
    "abductor_digiti_minimi_manus": (0, strap("128,466 127,480 127.5,496 130,513", 8)),
    "interossei_manus": (2, poly("131,480 152,480 158,508 146,512 133,510")),
}
THIGH: dict[str, tuple[int, Shape]] = {
    "tensor_fasciae_latae": (0, poly("74,388 82,396 88,430! 84,480 76,484 74,440!")),
    "gluteus_medius": (1, poly("72,372 78,384 87,420! 88,438 78,430 70,392!")),
    "sartorius": (0, poly("74,386 79,394 66,430! 38,510! 25,590! 24,650 31,668 27,668 19,645 17,600! 27,520! 56,436!")),
    "rectus_femoris": (0, strap("68,402 58,450 50,500 47,550 47,610", 20, blunt=0.4)),
    "vastus_lateralis": (0, poly("80,440 88,470! 85,520! 77,575! 66,616 59,612 62,570! 66,510! 70,470!")),
    "vastus_medialis": (0, poly("42,520 46,580! 40,615 38,632 27,628 23,604! 27,570!")),
    "vastus_intermedius": (2, strap("72,458 62,505 54,555 49,608", 26, blunt=0.5)),
    "pectineus": (1, poly("14,456 30,446 46,468 48,486 40,488 26,472!")),
    "adductor_longus_brevis": (1, poly("5,464 14,462 30,480! 46,520 46,548 34,536! 18,500!")),
    "adductor_magnus": (2, poly("4,474 12,472 34,500! 48,540! 46,570 30,606 27,614 26,590 24,545! 14,505!")),
    "gracilis": (0, strap("4.5,478 12,520 21,580 25,640 30,668", 8, blunt=0.6)),
}
LEG: dict[str, tuple[int, Shape]] = {
    "tibialis_anterior": (0, strap("64,660 56,690 52,730 46,785 38,838", 13, blunt=0.35)),
    "extensor_digitorum_longus": (0, strap("68,662 65,700 61,745 56,795 55,840", 8, blunt=0.5)),
    "extensor_hallucis_longus": (1, strap("60,712 57,750 52,795 46,845", 8, blunt=0.5)),
    "fibularis_longus": (0, strap("72,656 74,690 72,725 66,765", 9, blunt=0.4)),
    "fibularis_brevis": (1, strap("71,722 68,760 63,800 62,832", 8, blunt=0.5)),
    "fibularis_tertius": (1, strap("61,775 60,805 60,838 66,858", 7, blunt=0.5)),
    "gastrocnemius_medial": (1, strap("24,662 22,685 22,710 27,742", 7, blunt=0.5)),
    "soleus": (2, strap("28,690 26,725 29,755 33,785", 8, blunt=0.5)),
    "extensor_digitorum_brevis": (0, strap("61,848 58,860 52,872 46,882", 12, blunt=0.5)),
}
FRONT: dict[str, tuple[int, Shape]] = {**HEAD_NECK, **TRUNK, **ARM, **HAND, **THIGH, **LEG}
NECK_CROP = [
    *HEAD_NECK,
    "subclavius",
    "pectoralis_major",
    "pectoralis_minor",
    "deltoid_anterior",
    "deltoid_middle",
    "subscapularis",
    "coracobrachialis",
]
