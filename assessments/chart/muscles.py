"""
Where the muscles lie: their course from one end to the other, the width of the belly, the layer (0 is next the skin).

Coordinates as in `figure`: distances from the middle line of one half; those of soles and head as drawn there.
"""

from __future__ import annotations

from assessments.chart.shapes import Point

Courses = dict[str, tuple[int, float, list[Point]]]

FRONT: Courses = {
    "occipitofrontalis": (0, 22, [(14, 34), (15, 70)]), "temporalis": (0, 14, [(33, 56), (34, 84)]),
    "masseter": (0, 13, [(29, 92), (25, 116)]), "pterygoid_medial": (3, 12, [(21, 100), (24, 118)]),
    "pterygoid_lateral": (3, 12, [(18, 95), (32, 95)]), "digastric": (1, 12, [(4, 124), (16, 132), (28, 118)]),
    "scm_sternal": (0, 12, [(31, 112), (20, 144), (5, 172)]), "scm_clavicular": (0, 12, [(33, 114), (26, 146), (22, 168)]),
    "scalenes": (1, 13, [(18, 136), (25, 154), (34, 168)]), "longus_colli": (3, 12, [(6, 126), (7, 150), (6, 176)]),
    "subclavius": (2, 12, [(16, 176), (68, 174)]), "pectoralis_major": (0, 46, [(14, 216), (52, 206), (98, 212)]),
    "pectoralis_minor": (1, 24, [(52, 250), (62, 222), (78, 190)]), "deltoid_anterior": (0, 20, [(74, 174), (94, 196), (110, 238)]),
    "deltoid_middle": (0, 17, [(92, 178), (109, 204), (116, 242)]), "biceps_brachii": (0, 17, [(92, 206), (108, 264), (118, 316)]),
    "coracobrachialis": (1, 12, [(84, 200), (96, 230), (102, 262)]), "brachialis": (1, 19, [(112, 262), (115, 292), (118, 324)]),
    "brachioradialis": (0, 12, [(124, 296), (136, 346), (150, 426)]), "pronator_teres": (0, 12, [(106, 316), (120, 340), (134, 360)]),
    "flexor_carpi_radialis": (0, 12, [(106, 320), (126, 374), (147, 432)]), "palmaris_longus": (0, 12, [(105, 322), (122, 378), (141, 436)]),
    "flexor_carpi_ulnaris": (0, 12, [(103, 322), (114, 376), (130, 436)]), "flexor_digitorum": (1, 18, [(108, 332), (122, 384), (139, 432)]),
    "flexor_pollicis_longus": (2, 12, [(128, 356), (140, 396), (152, 436)]), "opponens_pollicis": (0, 13, [(148, 448), (162, 462)]),
    "adductor_pollicis": (1, 14, [(146, 474), (164, 468)]), "abductor_digiti_minimi_manus": (0, 12, [(130, 452), (128, 494)]),
    "interossei_manus": (2, 20, [(145, 462), (146, 496)]), "serratus_anterior": (0, 22, [(86, 242), (78, 272), (66, 302)]),
    "intercostals": (2, 36, [(36, 220), (50, 262), (44, 290)]), "diaphragm": (3, 26, [(0, 292), (30, 298), (60, 322)]),
    "rectus_abdominis": (0, 27, [(16, 280), (15, 370), (8, 454)]), "external_oblique": (0, 34, [(74, 290), (58, 360), (40, 432)]),
    "iliopsoas": (3, 26, [(18, 372), (42, 424), (40, 486)]), "sartorius": (0, 12, [(72, 420), (46, 516), (34, 660)]),
    "tensor_fasciae_latae": (0, 17, [(76, 416), (86, 466), (88, 512)]), "rectus_femoris": (0, 24, [(66, 434), (56, 540), (56, 632)]),
    "vastus_lateralis": (0, 21, [(84, 478), (78, 560), (66, 636)]), "vastus_medialis": (0, 22, [(38, 540), (38, 600), (46, 646)]),
    "vastus_intermedius": (2, 24, [(60, 488), (57, 566), (56, 630)]), "pectineus": (1, 17, [(14, 460), (36, 492)]),
    "adductor_longus_brevis": (1, 17, [(8, 468), (26, 512), (44, 552)]), "gracilis": (0, 12, [(5, 474), (17, 550), (34, 668)]),
    "adductor_magnus": (2, 20, [(8, 478), (26, 540), (36, 622)]), "tibialis_anterior": (0, 14, [(64, 676), (60, 748), (44, 846)]),
    "extensor_digitorum_longus": (0, 12, [(70, 676), (67, 756), (58, 862)]), "extensor_hallucis_longus": (1, 12, [(64, 740), (54, 804), (42, 874)]),
    "fibularis_longus": (0, 12, [(75, 676), (77, 738), (68, 830)]), "fibularis_brevis": (1, 12, [(74, 752), (69, 800), (66, 846)]),
    "fibularis_tertius": (1, 12, [(64, 792), (62, 830), (68, 862)]), "extensor_digitorum_brevis": (0, 13, [(62, 850), (54, 870)]),
    "interossei_pedis": (2, 16, [(54, 858), (55, 874)]), "trapezius_upper": (0, 13, [(25, 140), (38, 162), (80, 174)]),
    "levator_ani": (3, 14, [(4, 470), (18, 478)]),
}  # fmt: skip

BACK: Courses = {
    "occipitofrontalis": (0, 20, [(16, 84), (17, 108)]), "temporalis": (0, 14, [(36, 58), (36, 84)]),
    "trapezius_upper": (0, 21, [(5, 116), (15, 146), (46, 169), (90, 178)]), "trapezius_middle": (0, 23, [(3, 184), (44, 188), (86, 184)]),
    "trapezius_lower": (0, 22, [(3, 298), (14, 244), (36, 204)]), "levator_scapulae": (1, 12, [(17, 128), (24, 156), (29, 190)]),
    "rhomboids": (1, 28, [(4, 188), (25, 226)]), "splenius_capitis": (1, 13, [(3, 164), (14, 138), (30, 112)]),
    "splenius_cervicis": (1, 12, [(3, 198), (10, 166), (20, 136)]), "semispinalis_capitis": (2, 13, [(11, 178), (10, 146), (7, 114)]),
    "semispinalis_cervicis": (2, 12, [(10, 200), (9, 168), (5, 140)]), "multifidus_cervical": (3, 12, [(8, 174), (6, 150), (4, 132)]),
    "suboccipitals": (3, 13, [(3, 122), (22, 119)]), "scm_clavicular": (1, 12, [(33, 104), (31, 124), (27, 142)]),
    "scalenes": (2, 12, [(22, 138), (29, 152), (38, 164)]),
    "supraspinatus": (1, 14, [(32, 184), (60, 182), (92, 186)]), "infraspinatus": (0, 28, [(32, 222), (56, 210), (94, 196)]),
    "teres_minor": (0, 12, [(66, 230), (82, 216), (98, 202)]), "teres_major": (0, 15, [(50, 254), (74, 242), (98, 230)]),
    "subscapularis": (3, 30, [(32, 220), (56, 216), (88, 200)]), "latissimus_dorsi": (0, 44, [(14, 368), (50, 304), (92, 240)]),
    "serratus_posterior_superior": (2, 18, [(4, 178), (24, 194), (42, 208)]), "serratus_posterior_inferior": (1, 20, [(6, 346), (30, 334), (60, 320)]),
    "deltoid_posterior": (0, 20, [(72, 186), (96, 204), (114, 242)]), "deltoid_middle": (0, 15, [(94, 180), (110, 206), (117, 242)]),
    "triceps_brachii": (0, 20, [(96, 222), (108, 266), (116, 312)]), "anconeus": (0, 12, [(124, 314), (120, 332)]),
    "brachioradialis": (0, 12, [(126, 298), (138, 346), (152, 424)]), "extensor_carpi_radialis_longus": (0, 12, [(126, 308), (139, 362), (150, 434)]),
    "extensor_carpi_radialis_brevis": (1, 12, [(128, 322), (136, 374), (147, 436)]), "extensor_digitorum": (0, 13, [(126, 322), (131, 376), (142, 436)]),
    "extensor_carpi_ulnaris": (0, 12, [(122, 322), (120, 378), (130, 438)]), "extensor_indicis": (2, 12, [(124, 384), (140, 436)]),
    "supinator": (2, 14, [(126, 322), (134, 352)]), "interossei_manus": (1, 20, [(145, 456), (147, 494)]),
    "adductor_pollicis": (1, 13, [(150, 474), (163, 464)]), "abductor_digiti_minimi_manus": (0, 12, [(130, 450), (128, 492)]),
    "iliocostalis_thoracis": (1, 13, [(34, 320), (32, 262), (26, 200)]), "longissimus_thoracis": (1, 13, [(20, 372), (20, 290), (17, 204)]),
    "multifidus_thoracic": (2, 12, [(7, 300), (7, 252), (6, 204)]), "iliocostalis_lumborum": (1, 14, [(34, 402), (36, 366), (36, 326)]),
    "multifidus_lumbar": (2, 14, [(10, 420), (9, 384), (7, 346)]), "quadratus_lumborum": (3, 18, [(46, 396), (38, 362), (32, 332)]),
    "external_oblique": (0, 16, [(78, 318), (74, 360), (68, 398)]), "gluteus_maximus": (0, 46, [(16, 424), (52, 452), (84, 486)]),
    "gluteus_medius": (1, 26, [(46, 402), (70, 424), (87, 462)]), "gluteus_minimus": (2, 22, [(56, 416), (74, 434), (88, 462)]),
    "piriformis": (2, 15, [(14, 436), (52, 450), (88, 462)]), "obturator_internus_gemelli": (3, 13, [(22, 466), (54, 468), (86, 470)]),
    "levator_ani": (3, 14, [(4, 456), (14, 466)]), "tensor_fasciae_latae": (0, 12, [(82, 420), (89, 466), (90, 506)]),
    "biceps_femoris": (0, 20, [(38, 482), (62, 566), (76, 662)]), "semitendinosus_semimembranosus": (0, 21, [(32, 484), (38, 566), (36, 666)]),
    "adductor_magnus": (1, 18, [(16, 484), (26, 546), (34, 622)]), "gracilis": (0, 12, [(6, 484), (18, 552), (33, 662)]),
    "vastus_lateralis": (1, 13, [(86, 482), (83, 560), (76, 630)]), "popliteus": (2, 15, [(70, 656), (44, 676)]),
    "gastrocnemius_medial": (0, 18, [(42, 650), (42, 708), (49, 764)]), "gastrocnemius_lateral": (0, 18, [(70, 650), (68, 704), (58, 758)]),
    "soleus": (1, 30, [(58, 690), (55, 756), (53, 816)]), "tibialis_posterior": (3, 12, [(56, 690), (50, 766), (41, 846)]),
    "flexor_digitorum_longus": (2, 12, [(46, 706), (43, 772), (40, 844)]), "flexor_hallucis_longus": (2, 13, [(66, 728), (58, 790), (44, 850)]),
    "fibularis_longus": (0, 12, [(76, 672), (79, 732), (68, 828)]), "fibularis_brevis": (1, 12, [(75, 752), (69, 800), (66, 846)]),
}  # fmt: skip

SOLE: Courses = {
    "abductor_hallucis": (0, 12, [(356, 748), (361, 796), (350, 846)]), "flexor_digitorum_brevis": (0, 13, [(346, 756), (347, 800), (356, 842)]),
    "abductor_digiti_minimi_pedis": (0, 12, [(336, 752), (333, 796), (341, 846)]), "quadratus_plantae": (1, 16, [(346, 758), (347, 792)]),
    "flexor_hallucis_brevis": (1, 12, [(356, 806), (368, 846)]), "adductor_hallucis": (2, 13, [(342, 828), (368, 836)]),
    "interossei_pedis": (3, 20, [(348, 806), (354, 840)]),
}  # fmt: skip

HEAD: Courses = {
    "occipitofrontalis": (0, 44, [(98, 138), (130, 80)]), "temporalis": (0, 92, [(204, 92), (180, 140), (170, 190)]),
    "masseter": (0, 34, [(176, 200), (190, 240), (188, 280)]), "pterygoid_medial": (3, 22, [(162, 226), (182, 262)]),
    "pterygoid_lateral": (3, 22, [(150, 212), (202, 212)]), "digastric": (1, 15, [(96, 290), (160, 304), (240, 236)]),
    "scm_sternal": (0, 26, [(250, 228), (214, 310), (170, 398)]), "scm_clavicular": (0, 26, [(262, 226), (240, 310), (214, 398)]),
    "splenius_capitis": (1, 30, [(262, 222), (284, 280), (300, 340)]), "semispinalis_capitis": (2, 26, [(302, 246), (306, 300), (308, 360)]),
    "trapezius_upper": (0, 24, [(316, 232), (300, 310), (276, 396)]), "levator_scapulae": (1, 20, [(254, 272), (262, 330), (272, 396)]),
    "suboccipitals": (3, 26, [(276, 256), (312, 262)]), "scalenes": (1, 22, [(222, 300), (222, 348), (230, 398)]),
    "splenius_cervicis": (1, 18, [(268, 274), (288, 330), (302, 392)]), "multifidus_cervical": (3, 18, [(292, 280), (294, 330), (296, 384)]),
    "semispinalis_cervicis": (2, 18, [(284, 288), (290, 340), (298, 396)]), "longus_colli": (3, 18, [(186, 296), (184, 344), (180, 396)]),
}  # fmt: skip
