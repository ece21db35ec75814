"""
Where the zones lie. Boxes are (cx, cy, rx, ry[, turn]) from the middle line of one half; the page cuts them to the
figure, so they may reach beyond it. Midline zones have cx 0.
"""

from __future__ import annotations

Boxes = dict[str, tuple[float, ...]]

FRONT: Boxes = {
    "head.vertex": (0, 22, 16, 8), "head.forehead": (14, 52, 16, 18), "head.eyebrow": (15, 75, 11, 6.2),
    "head.eye_orbit": (15, 88, 11, 6.8), "head.temple": (33, 74, 7, 14), "head.cheek": (22, 103, 9, 8),
    "head.nose": (6, 99, 6.2, 9), "head.chin": (0, 126, 9, 7), "head.jaw_body": (18, 121, 8, 7),
    "neck.anterior": (14, 150, 8, 14), "neck.throat": (0, 152, 7, 14), "neck.lateral": (25, 156, 7, 11, -20),
    "chest.sternum": (0, 218, 9, 42), "chest.upper": (42, 186, 32, 13), "chest.breast": (46, 228, 34, 28),
    "chest.lateral": (82, 282, 12, 30), "chest.costal_margin": (40, 292, 30, 26, 40),
    "shoulder.anterior": (86, 198, 12, 18), "shoulder.lateral": (106, 206, 10, 24), "shoulder.acromion": (94, 179, 9, 7),
    "shoulder.axilla": (90, 246, 8, 14), "shoulder.joint_deep": (97, 190, 6.5, 8),
    "arm.anterior": (106, 268, 9, 36, -7), "arm.lateral": (120, 270, 8, 36, -7), "arm.medial": (94, 276, 8, 30, -9),
    "elbow.anterior": (116, 320, 9, 15), "elbow.lateral": (130, 318, 7, 16), "elbow.medial": (104, 318, 7, 16),
    "forearm.volar": (128, 378, 9, 42, -12), "forearm.radial": (144, 374, 8, 44, -12),
    "forearm.ulnar": (115, 380, 8, 44, -12), "wrist.volar": (141, 436, 8, 8), "wrist.radial": (155, 436, 6.2, 8),
    "wrist.ulnar": (127, 438, 6.2, 8), "hand.palm": (143, 470, 9, 22), "hand.thenar": (155, 458, 8, 13, -30),
    "hand.hypothenar": (130, 472, 6.5, 22), "hand.thumb": (170, 474, 8, 14, -30), "hand.index": (163, 504, 6.2, 18, -8),
    "hand.middle": (152, 512, 6.2, 18), "hand.ring": (141, 512, 6.2, 16), "hand.little": (130, 504, 6.2, 13),
    "abdomen.upper": (24, 332, 26, 36), "abdomen.lower": (24, 404, 26, 34), "abdomen.lateral": (64, 356, 18, 38),
    "pelvis.groin": (36, 450, 14, 17, 35), "pelvis.pubic": (0, 458, 16, 12), "hip.anterior": (66, 438, 18, 24),
    "pelvis.perineum": (0, 478, 10, 7), "hip.greater_trochanter": (88, 474, 9, 22),
    "thigh.anterior": (52, 556, 18, 74), "thigh.lateral": (80, 556, 13, 74, 3), "thigh.medial": (24, 546, 13, 64, -8),
    "knee.anterior": (56, 648, 13, 22), "knee.lateral": (76, 648, 8, 24), "knee.medial": (36, 648, 8, 24),
    "leg.anterior": (54, 744, 11, 68), "leg.lateral": (74, 738, 10, 68), "leg.medial": (36, 738, 9, 68),
    "ankle.anterior": (51, 836, 8, 15), "ankle.lateral": (65, 840, 7, 14), "ankle.medial": (37, 840, 6.5, 14),
    "foot.dorsum": (54, 859, 13, 10), "foot.great_toe": (41, 876, 7, 7), "foot.lesser_toes": (58, 878, 11, 6.2),
    "foot.lateral_border": (71, 868, 7, 12),
}  # fmt: skip

BACK: Boxes = {
    "head.vertex": (0, 24, 18, 9), "head.parietal": (22, 52, 16, 20), "head.occiput": (16, 92, 18, 20),
    "head.suboccipital": (13, 119, 14, 7.5), "head.behind_ear": (34, 104, 7, 10), "neck.posterior": (11, 142, 12, 15),
    "neck.lateral": (27, 146, 7, 15, -15), "neck.base_c7": (0, 168, 10, 9), "neck.shoulder_angle": (30, 167, 15, 9, 12),
    "shoulder.top": (60, 172, 16, 8, 10), "shoulder.acromion": (88, 180, 11, 8), "shoulder.posterior": (96, 206, 13, 19),
    "shoulder.lateral": (111, 208, 7, 25), "shoulder.scapula_superior_angle": (27, 187, 9, 8),
    "shoulder.scapula_medial_border": (23, 222, 7, 24), "shoulder.scapula_supraspinous": (56, 185, 18, 6.5),
    "shoulder.scapula_body": (49, 214, 17, 18), "shoulder.scapula_inferior_angle": (44, 250, 13, 13),
    "shoulder.scapula_lateral_border": (73, 232, 10, 18, 30), "shoulder.joint_deep": (86, 194, 6.5, 8),
    "back.interscapular": (8, 216, 9, 34), "back.thoracic_mid": (24, 280, 26, 26), "back.thoracic_lower": (24, 330, 26, 24),
    "back.lumbar": (22, 378, 24, 24), "back.flank": (62, 360, 16, 34), "back.iliac_crest": (52, 402, 26, 10),
    "back.si_joint": (22, 424, 9, 14), "back.sacrum": (0, 424, 13, 17), "back.coccyx": (0, 450, 8, 10),
    "hip.buttock_upper": (56, 424, 26, 13), "hip.buttock": (48, 451, 34, 15), "hip.buttock_lower": (40, 478, 34, 13),
    "hip.greater_trochanter": (88, 474, 9, 22), "arm.posterior": (106, 270, 11, 40, -7),
    "arm.lateral": (121, 270, 7, 36, -7), "arm.medial": (94, 276, 7, 30, -9), "elbow.posterior": (116, 318, 9, 16),
    "elbow.lateral": (130, 318, 7, 16), "elbow.medial": (104, 318, 7, 16), "forearm.dorsal": (128, 378, 10, 42, -12),
    "forearm.radial": (144, 374, 8, 44, -12), "forearm.ulnar": (115, 380, 8, 44, -12), "wrist.dorsal": (141, 436, 8, 8),
    "wrist.radial": (155, 436, 6.2, 8), "wrist.ulnar": (127, 438, 6.2, 8), "hand.dorsum": (140, 468, 14, 24),
    "hand.first_web": (159, 464, 7, 11, -30), "hand.thumb": (172, 476, 7, 12, -30), "hand.index": (163, 504, 6.2, 18, -8),
    "hand.middle": (152, 512, 6.2, 18), "hand.ring": (141, 512, 6.2, 16), "hand.little": (130, 504, 6.2, 13),
    "thigh.posterior": (50, 562, 22, 70), "thigh.lateral": (82, 556, 11, 74, 3), "thigh.medial": (22, 546, 10, 62, -8),
    "knee.posterior": (56, 650, 14, 20), "knee.lateral": (76, 650, 7, 22), "knee.medial": (36, 650, 7, 22),
    "leg.calf": (54, 722, 17, 52), "leg.lateral": (77, 734, 8, 62), "leg.medial": (34, 734, 7, 62),
    "leg.achilles": (52, 804, 9, 28), "ankle.lateral": (65, 842, 7, 14), "ankle.medial": (38, 842, 7, 14),
    "foot.heel": (51, 866, 14, 14), "shoulder.axilla": (90, 246, 8, 14),
}  # fmt: skip

# On the sole, in the drawing's own coordinates (its right foot).
SOLE: Boxes = {
    "foot.heel": (347, 752, 16, 17), "foot.arch": (345, 796, 14, 26), "foot.lateral_border": (329, 806, 6.5, 36, 8),
    "foot.forefoot_sole": (354, 837, 20, 10), "foot.great_toe": (345, 854, 8, 9), "foot.lesser_toes": (364, 856, 10, 9),
}  # fmt: skip

# The left side of the head, in 400 × 400.
HEAD: Boxes = {
    "head.vertex": (210, 48, 66, 16), "head.forehead": (116, 102, 30, 40, 25), "head.eyebrow": (108, 148, 24, 9),
    "head.eye_orbit": (110, 174, 24, 16), "head.temple": (160, 158, 24, 32), "head.parietal": (222, 108, 58, 42),
    "head.occiput": (306, 176, 34, 48), "head.suboccipital": (296, 252, 26, 22), "head.behind_ear": (260, 214, 14, 32),
    "head.ear": (228, 204, 17, 36), "head.tmj": (198, 216, 12, 16), "head.cheek": (130, 212, 32, 20),
    "head.nose": (72, 192, 14, 24), "head.teeth_upper": (112, 240, 26, 9), "head.teeth_lower": (112, 260, 26, 10),
    "head.jaw_angle": (192, 262, 18, 22), "head.jaw_body": (148, 272, 24, 20), "head.chin": (86, 280, 20, 16),
    "neck.lateral": (226, 330, 22, 48, 20), "neck.posterior": (290, 344, 22, 48, -10), "neck.anterior": (180, 340, 16, 46, 18),
    "neck.throat": (152, 340, 13, 42, 12), "neck.shoulder_angle": (256, 388, 24, 12),
}  # fmt: skip
MIDLINE = {"head.vertex", "head.chin", "neck.base_c7", "neck.throat", "chest.sternum", "back.sacrum", "back.coccyx",
           "pelvis.pubic", "pelvis.perineum"}  # fmt: skip
